"""Moving pictures by rule: figures, props, shapes and lights, drawn for evaluation only; training has its own."""
