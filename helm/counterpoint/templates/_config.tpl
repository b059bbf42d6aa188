{{- /* config.toml. A JSON string, number or boolean is also one of TOML. */ -}}
{{- define "counterpoint.config" -}}
{{- $shards := max 1 (int .Values.groups.expert.replicas) -}}
{{- if eq "alltoall" .Values.config.experts.exchange -}}
{{- $shards = add1 (int .Values.groups.expert.replicas) -}}{{- /* the engine is a rank too */ -}}
{{- end -}}
{{- $pairs := int .Values.groups.engine.replicas -}}
{{- $own := dict
  "serve" (dict
    "host" "0.0.0.0"
    "port" .Values.ports.grpc
    "data_dir" "/var/lib/counterpoint"
    "ray_address" "auto"
    "ray_auth" .Values.ray.auth.mode
    "namespace" .Values.ray.namespace
    "ingests" .Values.groups.ingest.replicas
    "one_per_node" true
    "keep_actors" true)
  "engine" (dict "checkpoint" .Values.model.path)
  "experts" (dict "shards" $shards)
  "scaling" (dict "pairs" $pairs "max_pairs" (int (.Values.groups.engine.maxReplicas | default $pairs)))
  "redis" (dict "url" (include "counterpoint.redisUrl" .))
  "telemetry" (dict "metrics_host" "0.0.0.0" "metrics_port" .Values.ports.metrics)
-}}
{{- with .Values.spread.expertZones }}
{{- $_ := set $own.experts "zones" . -}}
{{- end -}}
{{- if .Values.tls.secretName }}
{{- $_ := set $own.serve "tls_cert_file" "/etc/counterpoint-tls/tls.crt" -}}
{{- $_ := set $own.serve "tls_key_file" "/etc/counterpoint-tls/tls.key" -}}
{{- end -}}
{{- if .Values.redis.caSecretName }}
{{- $_ := set $own.redis "tls_ca_file" "/etc/counterpoint-redis/ca.crt" -}}
{{- end -}}
{{- $all := mergeOverwrite (deepCopy .Values.config) $own -}}
{{- range $section, $fields := $all }}
[{{ $section }}]
{{- range $key, $value := $fields }}
{{ $key }} = {{ $value | toJson }}
{{- end }}
{{ end }}
{{- with .Values.auth.apiKeys }}
[auth.api_keys]
{{- range $key, $tenant := . }}
{{ $key | quote }} = {{ $tenant | quote }}
{{- end }}
{{ end }}
{{- end -}}

{{- define "counterpoint.redisUrl" -}}
{{- if eq "internal" .Values.redis.mode -}}
{{- printf "redis://%s-redis:6379" (include "counterpoint.fullname" .) -}}
{{- else -}}
{{- required "redis.url: redis.mode is external; give the address of your Redis" .Values.redis.url -}}
{{- end -}}
{{- end -}}
