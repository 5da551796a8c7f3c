{{- /* Names and labels. Every template here takes a context of this chart: `.` in it, `.Subcharts.understudy` in one that depends on it. */ -}}

{{- /* The first characters of a name, so that they are one, too. Takes (list name characters). */ -}}
{{- define "understudy.cut" -}}
{{- regexReplaceAll "[-.]+$" (trunc (index . 1) (index . 0)) "" -}}
{{- end -}}

{{- define "understudy.name" -}}
{{- include "understudy.cut" (list (default .Chart.Name .Values.nameOverride) 63) -}}
{{- end -}}

{{- /* What a Service may be called: no dot, which a release's name may have, and a letter first. Shorter than it may be, for some
objects' names get a suffix: `-drop-slot-63` is the longest. */ -}}
{{- define "understudy.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- if .Values.fullnameOverride -}}
{{- $full = .Values.fullnameOverride -}}
{{- else if regexMatch "^[0-9]" $full -}}
{{- $full = printf "%s-%s" $name .Release.Name -}}
{{- end -}}
{{- include "understudy.cut" (list (replace "." "-" $full) 50) -}}
{{- end -}}

{{- define "understudy.selectorLabels" -}}
app.kubernetes.io/name: {{ include "understudy.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "understudy.ownLabels" -}}
{{ include "understudy.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: snapshot
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}

{{- /* The labels of an object, each once: what is said of this object counts, then what is said of all. Takes (list context more). */ -}}
{{- define "understudy.labelsAnd" -}}
{{- $context := index . 0 -}}
{{- merge (dict) (index . 1 | default dict) ($context.Values.commonLabels | default dict) (include "understudy.ownLabels" $context | fromYaml) | toYaml -}}
{{- end -}}

{{- define "understudy.labels" -}}
{{- include "understudy.labelsAnd" (list . dict) -}}
{{- end -}}

{{- define "understudy.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "understudy.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* What the kind of a volume is, the mode's own if none is said. Takes (list context volume). */ -}}
{{- define "understudy.volumeKind" -}}
{{- $context := index . 0 -}}
{{- (index . 1).kind | default (ternary "claim" "emptyDir" (eq $context.Values.mode "standalone")) -}}
{{- end -}}

{{- /* A value as text: 0 is one, null is none. */ -}}
{{- define "understudy.given" -}}
{{- if not (kindIs "invalid" .) }}{{ . }}{{ end -}}
{{- end -}}

{{- define "understudy.policyLabels" -}}
{{- .Values.policy.podLabels | default (dict "understudy-sidecar" (include "understudy.fullname" .)) | toYaml -}}
{{- end -}}
