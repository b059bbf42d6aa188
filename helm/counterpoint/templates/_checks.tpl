{{- /* What the schema cannot say: values that do not fit together are refused by name, with what to give instead. The
operator would refuse some of them after the install, and the network or the loader of the configuration the others. */ -}}
{{- define "counterpoint.checks" -}}
{{- include "counterpoint.groupChecks" . -}}
{{- include "counterpoint.expertChecks" . -}}
{{- include "counterpoint.networkChecks" . -}}
{{- include "counterpoint.keepChecks" . -}}
{{- range $role := list "ingest" "scheduler" "engine" -}}
{{- if and $.Values.drain.enabled (ge (int $.Values.drain.timeoutSeconds) (int (index $.Values.groups $role).terminationGracePeriodSeconds)) -}}
{{- fail (printf "drain.timeoutSeconds: must be below groups.%s.terminationGracePeriodSeconds, or the drain is cut off" $role) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "counterpoint.groupChecks" -}}
{{- range $role, $group := .Values.groups -}}
{{- $replicas := int $group.replicas -}}
{{- range $bound := list "minReplicas" "maxReplicas" -}}
{{- $given := index $group $bound -}}
{{- if not (kindIs "invalid" $given) -}}
{{- if and (eq "minReplicas" $bound) (gt (int $given) $replicas) -}}
{{- fail (printf "groups.%s.minReplicas: %d is above groups.%s.replicas, %d; the operator would start more pods than the configuration knows" $role (int $given) $role $replicas) -}}
{{- else if and (eq "maxReplicas" $bound) (lt (int $given) $replicas) -}}
{{- fail (printf "groups.%s.maxReplicas: %d is below groups.%s.replicas, %d; raise it, or lower replicas" $role (int $given) $role $replicas) -}}
{{- else if and (ne (int $given) $replicas) (not $.Values.ray.autoscaling.enabled) -}}
{{- fail (printf "groups.%s.%s: only Ray's autoscaler goes by it; set ray.autoscaling.enabled, or leave it null" $role $bound) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $role := list "ingest" "scheduler" "engine" -}}
{{- if not (index $.Values.groups $role).replicas -}}
{{- fail (printf "groups.%s.replicas: nothing is served without one; give 1 or more, or uninstall the release" $role) -}}
{{- end -}}
{{- end -}}
{{- if .Values.groups.agent.replicas -}}
{{- fail "groups.agent.replicas: this version starts no agents, so its pods would never be ready; give 0" -}}
{{- end -}}
{{- range $field := list "replicas" "maxReplicas" -}}
{{- if ne (index $.Values.groups.scheduler $field | toString) (index $.Values.groups.engine $field | toString) -}}
{{- fail (printf "groups.scheduler.%s: every engine has one scheduler; give what groups.engine.%s is" $field $field) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "counterpoint.expertChecks" -}}
{{- if eq "auto" (.Values.config.engine.dtype | default "auto") -}}
{{- fail "config.engine.dtype: auto is measured at the start on a pod that may not be there yet; give f32, or bf16 for processors with AMX or AVX512-BF16" -}}
{{- end -}}
{{- $exchange := .Values.config.experts.exchange | default "grpc" -}}
{{- $shards := int .Values.groups.expert.replicas -}}
{{- $copies := int (.Values.config.experts.replicas | default 2) -}}
{{- if and (eq "grpc" $exchange) (lt $shards $copies) -}}
{{- fail (printf "groups.expert.replicas: %d pods cannot hold %d copies of each expert; give at least as many pods as config.experts.replicas" $shards $copies) -}}
{{- end -}}
{{- with .Values.spread.expertZones -}}
{{- if or (mod $shards (len .)) (lt (len .) $copies) (ne "grpc" $exchange) -}}
{{- fail "spread.expertZones: needs config.experts.exchange grpc, at least config.experts.replicas zones, and a multiple of them as groups.expert.replicas" -}}
{{- end -}}
{{- end -}}
{{- range $field := list "replicas" "maxReplicas" -}}
{{- if and (eq "alltoall" $exchange) (gt (int (index $.Values.groups.engine $field)) 1) -}}
{{- fail (printf "groups.engine.%s: the ranks of alltoall belong to one engine; give 1, or config.experts.exchange grpc" $field) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "counterpoint.keepChecks" -}}
{{- $kept := add 60 ((.Values.config.limits).detached_s | default 60) -}}
{{- $ttl := int ((.Values.config.redis).ttl_s | default 86400) -}}
{{- if lt $ttl (int $kept) -}}
{{- fail (printf "config.redis.ttl_s: %d would forget a session before its client may no longer come back; give at least %d, 60 more than config.limits.detached_s" $ttl $kept) -}}
{{- end -}}
{{- end -}}

{{- define "counterpoint.networkChecks" -}}
{{- if and .Values.networkPolicy.enabled .Values.networkPolicy.restrictEgress (not .Values.networkPolicy.extraEgress) -}}
{{- $outside := dict
  "redis.mode=external" (eq "external" .Values.redis.mode)
  "gcs.backend=external" (eq "external" .Values.gcs.backend)
  "monitoring.traces.endpoint" .Values.monitoring.traces.endpoint
-}}
{{- range $value, $given := $outside -}}
{{- if $given -}}
{{- fail (printf "networkPolicy.extraEgress: restrictEgress would keep the pods from what %s names; give a rule that lets them out to it" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
