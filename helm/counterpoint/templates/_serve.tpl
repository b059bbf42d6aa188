{{- /* `counterpoint serve` joins the cluster as a Ray driver, so it needs a Ray node process in its own pod: it shares
the sockets in /tmp, /dev/shm and the process table with the container beside it. It starts the supervisor and waits. */ -}}
{{- define "counterpoint.serveContainer" -}}
- name: serve
  image: {{ include "counterpoint.image" (dict "root" . "image" .Values.images.base) }}
  imagePullPolicy: {{ .Values.images.pullPolicy }}
  command: [counterpoint, serve, --address, auto, --config, /etc/counterpoint/config.toml]
  env:
    {{- include "counterpoint.rayEnv" . | nindent 4 }}
    - {name: RAY_AUTH_MODE, value: {{ .Values.ray.auth.mode }}}
    {{- if eq "token" .Values.ray.auth.mode }}
    - name: RAY_AUTH_TOKEN
      valueFrom:
        secretKeyRef:
          name: {{ include "counterpoint.rayTokenSecret" . }}
          key: auth_token
    {{- end }}
    {{- if .Values.ray.tls.enabled }}
    # The operator does this for the Ray container alone.
    - {name: RAY_USE_TLS, value: "1"}
    - {name: RAY_TLS_SERVER_CERT, value: /etc/ray/tls/tls.crt}
    - {name: RAY_TLS_SERVER_KEY, value: /etc/ray/tls/tls.key}
    - {name: RAY_TLS_CA_CERT, value: /etc/ray/tls/ca.crt}
    {{- end }}
    {{- with include "counterpoint.storeSecret" (dict "root" . "store" "redis") }}
    - name: COUNTERPOINT_REDIS__PASSWORD
      valueFrom:
        secretKeyRef:
          name: {{ . }}
          key: {{ $.Values.redis.secretKey }}
    {{- end }}
    {{- with .Values.redis.sentinelSecretKey }}
    {{- if not (contains "+sentinel://" (include "counterpoint.redisUrl" $)) }}
    {{- fail "redis.sentinelSecretKey: has no effect unless redis.url names sentinels" }}
    {{- end }}
    - name: COUNTERPOINT_REDIS__SENTINEL_PASSWORD
      valueFrom:
        secretKeyRef:
          name: {{ required "redis.existingSecret: redis.sentinelSecretKey is a key of it" $.Values.redis.existingSecret }}
          key: {{ . }}
    {{- end }}
  resources:
    requests: {cpu: 100m, memory: 512Mi}
    limits: {memory: 1Gi}
  securityContext:
    {{- include "counterpoint.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- include "counterpoint.rayMounts" . | nindent 4 }}
    - {name: config, mountPath: /etc/counterpoint, readOnly: true}
    {{- if .Values.ray.tls.enabled }}
    - {name: serve-ray-tls, mountPath: /etc/ray/tls, readOnly: true}
    {{- end }}
    {{- include "counterpoint.modelMount" . | nindent 4 }}
    {{- include "counterpoint.certificateMounts" (dict "root" . "role" "serve") | nindent 4 }}
{{- end -}}

{{- define "counterpoint.serveVolumes" -}}
{{- if .Values.ray.tls.enabled }}
- name: serve-ray-tls
  secret:
    secretName: ray-worker-secret-{{ include "counterpoint.fullname" . }}
{{- end }}
- name: config
  {{- with include "counterpoint.configSecret" . }}
  secret:
    secretName: {{ . }}
  {{- else }}
  configMap:
    name: {{ include "counterpoint.fullname" . }}-config
  {{- end }}
{{- end -}}
