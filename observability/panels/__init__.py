"""What the dashboards show, in the order of the questions of an operator (DESIGN.md section 12). Data, no behaviour."""

from observability.panels import engine, experts, sessions, state

DASHBOARDS = (sessions.BOARD, engine.BOARD, experts.BOARD, state.BOARD)
