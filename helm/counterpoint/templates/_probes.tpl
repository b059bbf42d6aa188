{{- /* (dict "root" $ "role" name). Ready: an ingest when a new session would be granted, another when its actor answers.
An ingest tells its health service, which the kubelet asks only in plain text; with TLS the same stands in its metrics.
Live: Ray's node process is well, and the progress its actor counts rises; a pod without an actor yet is live. */ -}}
{{- define "counterpoint.probes" -}}
{{- $probe := list "python3" "-I" "-S" "/etc/counterpoint-probe/probe.py" -}}
{{- $metrics := list "--metrics-port" (.root.Values.ports.metrics | toString) -}}
startupProbe:
  exec:
    command: {{ concat $probe (list "node") | toJson }}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  exec:
    command: {{ concat $probe (list "live") $metrics (list "--rises" "counterpoint_progress") | toJson }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  {{- if and (eq "ingest" .role) .root.Values.tls.secretName }}
  exec:
    command: {{ concat $probe (list "ready") $metrics (list "--is" "counterpoint_ready=1") | toJson }}
  {{- else if eq "ingest" .role }}
  grpc:
    port: {{ .root.Values.ports.grpc }}
  {{- else }}
  exec:
    command: {{ concat $probe (list "ready") $metrics | toJson }}
  {{- end }}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}
