{{- define "counterpoint.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "counterpoint.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "counterpoint.labels" -}}
{{ include "counterpoint.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* (dict "root" $ "image" one of .Values.images) */ -}}
{{- define "counterpoint.image" -}}
{{- $path := printf "%s%s" .root.Values.images.registry .image.repository -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $path .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $path (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "counterpoint.pullSecrets" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "counterpoint.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.security.runAsUser }}
runAsGroup: {{ .Values.security.runAsUser }}
fsGroup: {{ .Values.security.fsGroup }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "counterpoint.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "counterpoint.rayTokenSecret" -}}
{{- .Values.ray.auth.existingSecret | default (include "counterpoint.fullname" .) -}}
{{- end -}}

{{- /* (dict "root" $ "store" "redis" or "gcs"): the Secret with its password, empty for none */ -}}
{{- define "counterpoint.storeSecret" -}}
{{- $store := index .root.Values .store -}}
{{- $internal := eq "internal" ($store.mode | default $store.backend) -}}
{{- if $store.existingSecret -}}
{{- $store.existingSecret -}}
{{- else if $internal -}}
{{- printf "%s-%s" (include "counterpoint.fullname" .root) .store -}}
{{- end -}}
{{- end -}}

{{- /* The stores this chart runs, as a list of names. */ -}}
{{- define "counterpoint.internalStores" -}}
{{- $stores := list -}}
{{- if eq "internal" .Values.redis.mode }}{{ $stores = append $stores "redis" }}{{ end -}}
{{- if eq "internal" .Values.gcs.backend }}{{ $stores = append $stores "gcs" }}{{ end -}}
{{- $stores | toJson -}}
{{- end -}}

{{- define "counterpoint.configSecret" -}}
{{- if .Values.auth.existingConfigSecret -}}
{{- .Values.auth.existingConfigSecret -}}
{{- else if .Values.auth.apiKeys -}}
{{- printf "%s-config" (include "counterpoint.fullname" .) -}}
{{- end -}}
{{- end -}}
