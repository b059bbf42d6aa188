{{- /* Environment of every Ray process: how fast a lost node is noticed (about 2 s), where it may write, and where
`counterpoint drain`, `top` and `sessions` find the supervisor, for no configuration lies in these pods. */ -}}
{{- define "counterpoint.rayEnv" -}}
- {name: RAY_health_check_initial_delay_ms, value: "1000"}
- {name: RAY_health_check_period_ms, value: "500"}
- {name: RAY_health_check_timeout_ms, value: "500"}
- {name: RAY_health_check_failure_threshold, value: "3"}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
- {name: RAY_worker_niceness, value: "0"}
# What actors log goes to the log of their container.
- {name: RAY_LOG_TO_STDERR, value: "1"}
- {name: HOME, value: /tmp}
- {name: OMP_NUM_THREADS, value: "1"}
# An actor sees the GPUs of its pod: it is alone there and asks Ray for none.
- {name: RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO, value: "0"}
- {name: PYTHONDONTWRITEBYTECODE, value: "1"}
- {name: COUNTERPOINT_SERVE__RAY_AUTH, value: {{ .Values.ray.auth.mode }}}
- {name: COUNTERPOINT_SERVE__NAMESPACE, value: {{ .Values.ray.namespace | quote }}}
{{- end -}}

{{- define "counterpoint.rayMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: shared-mem, mountPath: /dev/shm}
- {name: data, mountPath: /var/lib/counterpoint}
{{- end -}}

{{- define "counterpoint.rayVolumes" -}}
- {name: tmp, emptyDir: {}}
- {name: shared-mem, emptyDir: {medium: Memory, sizeLimit: {{ .Values.sharedMemory.size }}}}
- {name: data, emptyDir: {}}
{{- end -}}

{{- /* (dict "root" $ "role" name "group" values "zone" name or ""): one worker group. With a zone: its share of the
pods, which go nowhere else and tell Ray where they are. */ -}}
{{- define "counterpoint.workerGroup" -}}
{{- $root := .root -}}
{{- $role := .role -}}
{{- $group := .group -}}
{{- $zone := .zone -}}
{{- if $zone -}}
{{- $group = deepCopy $group -}}
{{- $_ := set $group "nodeSelector" (merge (dict $root.Values.spread.zoneKey $zone) $group.nodeSelector) -}}
{{- $zones := len $root.Values.spread.expertZones -}}
{{- range $field := list "replicas" "minReplicas" "maxReplicas" -}}
{{- if not (kindIs "invalid" (index $group $field)) }}{{ $_ := set $group $field (div (int (index $group $field)) $zones) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $image := ternary $root.Values.images.torch $root.Values.images.base (has $role (list "engine" "expert")) -}}
groupName: {{ $zone | empty | ternary $role (printf "%s-%s" $role $zone) }}
{{- with $zone }}
labels: {ray.io/availability-zone: {{ . | quote }}}
{{- end }}
replicas: {{ $group.replicas }}
minReplicas: {{ kindIs "invalid" $group.minReplicas | ternary $group.replicas $group.minReplicas }}
maxReplicas: {{ kindIs "invalid" $group.maxReplicas | ternary $group.replicas $group.maxReplicas }}
{{- if $root.Values.ray.autoscaling.enabled }}
idleTimeoutSeconds: {{ kindIs "invalid" $group.idleTimeoutSeconds | ternary $root.Values.ray.autoscaling.idleTimeoutSeconds $group.idleTimeoutSeconds }}
{{- end }}
rayStartParams: {}
# One of the role's resource in each pod: Ray can put one such actor there and no other. With alltoall experts are ranks.
resources:
  CPU: "1"
  GPU: {{ $group.gpus | quote }}
  counterpoint_{{ and (eq "expert" $role) (eq "alltoall" $root.Values.config.experts.exchange) | ternary "rank" $role }}: "1"
template:
  metadata:
    labels:
      {{- include "counterpoint.labels" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $role }}
    {{- with $group.podAnnotations }}
    annotations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  spec:
    {{- include "counterpoint.podPlace" (dict "root" $root "component" $role "values" $group) | nindent 4 }}
    serviceAccountName: {{ include "counterpoint.fullname" $root }}
    automountServiceAccountToken: false
    terminationGracePeriodSeconds: {{ $group.terminationGracePeriodSeconds }}
    {{- if eq "supervisor" $role }}
    # Ray's node process finds the driver in the container beside it by process id; without this it cannot join.
    shareProcessNamespace: true
    {{- end }}
    topologySpreadConstraints:
      {{- range $key, $when := dict $root.Values.spread.zoneKey $root.Values.spread.zones "kubernetes.io/hostname" $root.Values.spread.nodes }}
      - maxSkew: 1
        topologyKey: {{ $key }}
        whenUnsatisfiable: {{ $when }}
        # A node whose taints keep these pods out is no empty place that must be filled first.
        nodeTaintsPolicy: Honor
        labelSelector:
          matchLabels:
            {{- include "counterpoint.selector" $root | nindent 12 }}
            app.kubernetes.io/component: {{ $role }}
      {{- end }}
    containers:
      - name: ray-worker
        image: {{ include "counterpoint.image" (dict "root" $root "image" $image) }}
        imagePullPolicy: {{ $root.Values.images.pullPolicy }}
        env:
          {{- include "counterpoint.rayEnv" $root | nindent 10 }}
          {{- with $root.Values.monitoring.traces.endpoint }}
          - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
          - {name: OTEL_TRACES_SAMPLER_ARG, value: {{ $root.Values.monitoring.traces.share | quote }}}
          {{- end }}
        ports:
          - {name: cp-metrics, containerPort: {{ $root.Values.ports.metrics }}}
          - {name: metrics, containerPort: 8080}
          {{- if eq "ingest" $role }}
          - {name: grpc, containerPort: {{ $root.Values.ports.grpc }}}
          {{- end }}
        {{- include "counterpoint.probes" (dict "root" $root "role" $role) | nindent 8 }}
        {{- if and $root.Values.drain.enabled (has $role (list "ingest" "scheduler" "engine")) }}
        lifecycle:
          preStop:
            exec:
              command:
                - counterpoint
                - drain
                - --address
                - auto
                - --node
                - this
                - --wait
                - {{ $root.Values.drain.timeoutSeconds | quote }}
        {{- end }}
        resources:
          {{- include "counterpoint.resources" $group | nindent 10 }}
        securityContext:
          {{- include "counterpoint.containerSecurity" $root | nindent 10 }}
        volumeMounts:
          {{- include "counterpoint.rayMounts" $root | nindent 10 }}
          - {name: probe, mountPath: /etc/counterpoint-probe, readOnly: true}
          {{- include "counterpoint.modelMount" $root | nindent 10 }}
          {{- include "counterpoint.certificateMounts" (dict "root" $root "role" $role) | nindent 10 }}
      {{- if eq "supervisor" $role }}
      {{- include "counterpoint.serveContainer" $root | nindent 6 }}
      {{- end }}
    volumes:
      {{- include "counterpoint.rayVolumes" $root | nindent 6 }}
      - name: probe
        configMap:
          name: {{ include "counterpoint.fullname" $root }}-probe
      {{- with $root.Values.model.existingClaim }}
      - name: model
        persistentVolumeClaim:
          claimName: {{ . }}
          readOnly: true
      {{- end }}
      {{- include "counterpoint.certificateVolumes" (dict "root" $root "role" $role) | nindent 6 }}
      {{- if eq "supervisor" $role }}
      {{- include "counterpoint.serveVolumes" $root | nindent 6 }}
      {{- end }}
{{- end -}}

{{- define "counterpoint.modelMount" -}}
{{- if .Values.model.existingClaim -}}
- {name: model, mountPath: {{ .Values.model.mountPath }}, readOnly: true}
{{- end -}}
{{- end -}}

{{- /* (dict "root" $ "role" name): an ingest's own certificate; the authority of the store for who speaks to it. */ -}}
{{- define "counterpoint.certificateMounts" -}}
{{- if and .root.Values.tls.secretName (eq "ingest" .role) }}
- {name: tls, mountPath: /etc/counterpoint-tls, readOnly: true}
{{- end }}
{{- if and .root.Values.redis.caSecretName (has .role (list "scheduler" "serve")) }}
- {name: redis-ca, mountPath: /etc/counterpoint-redis, readOnly: true}
{{- end }}
{{- end -}}

{{- define "counterpoint.certificateVolumes" -}}
{{- if and .root.Values.tls.secretName (eq "ingest" .role) }}
- name: tls
  secret: {secretName: {{ .root.Values.tls.secretName }}, defaultMode: 0440}
{{- end }}
{{- if and .root.Values.redis.caSecretName (has .role (list "scheduler" "supervisor")) }}
- name: redis-ca
  secret: {secretName: {{ .root.Values.redis.caSecretName }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end -}}

{{- define "counterpoint.resources" -}}
{{- $limits := deepCopy (.resources.limits | default dict) -}}
{{- $requests := deepCopy (.resources.requests | default dict) -}}
{{- if gt (int .gpus) 0 -}}
{{- $_ := set $limits "nvidia.com/gpu" (.gpus | toString) -}}
{{- $_ := set $requests "nvidia.com/gpu" (.gpus | toString) -}}
{{- end -}}
{{- toYaml (dict "requests" $requests "limits" $limits) -}}
{{- end -}}

{{- /* (dict "root" $ "component" name "values" what places the pod) */ -}}
{{- define "counterpoint.podPlace" -}}
securityContext:
  {{- include "counterpoint.podSecurity" .root | nindent 2 }}
{{- include "counterpoint.pullSecrets" .root }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $tolerations := .values.tolerations -}}
{{- if gt (int (.values.gpus | default 0)) 0 }}
{{- $tolerations = append $tolerations (dict "key" "nvidia.com/gpu" "operator" "Exists" "effect" "NoSchedule") }}
{{- end }}
{{- with $tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- end -}}
