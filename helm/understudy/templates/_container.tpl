{{- /* The container. Every way into a pod takes it from here. */ -}}

{{- define "understudy.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "understudy.secretVariable" -}}
valueFrom:
  secretKeyRef:
    name: {{ index . 0 | quote }}
    key: {{ index . 1 | quote }}
{{- end -}}

{{- define "understudy.ownEnv" -}}
{{- $credentials := .Values.credentials -}}
{{- $secret := $credentials.existingSecret -}}
{{- if .Values.slotPerPod }}
- name: POD_NUMBER
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: metadata.labels['apps.kubernetes.io/pod-index']
- name: UNDERSTUDY_SOURCE__POSTGRES__SLOT
  value: {{ .Values.config.source.postgres.slot }}_$(POD_NUMBER)
{{- end }}
{{- if $credentials.connectionKey }}
- name: UNDERSTUDY_SOURCE__POSTGRES__CONNECTION
  {{- include "understudy.secretVariable" (list $secret $credentials.connectionKey) | nindent 2 }}
{{- end }}
{{- if $credentials.passwordKey }}
- name: PGPASSWORD
  {{- include "understudy.secretVariable" (list $secret $credentials.passwordKey) | nindent 2 }}
{{- end }}
{{- if $credentials.serviceFileKey }}
- name: PGSERVICEFILE
  value: {{ include "understudy.secretPath" . }}/pg_service.conf
{{- end }}
{{- if and $credentials.rootCertificateKey (not .Values.config.source.kafka) }}
- name: PGSSLROOTCERT
  value: {{ include "understudy.secretPath" . }}/root.crt
{{- end }}
{{- with $credentials.passfile }}
- name: PGPASSFILE
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "understudy.env" -}}
{{- include "understudy.ownEnv" . }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "understudy.volumeMounts" -}}
- name: {{ .Values.containerName }}-config
  mountPath: {{ include "understudy.configPath" . | dir }}
  readOnly: true
{{- if include "understudy.secretItems" . }}
- name: {{ .Values.containerName }}-secret
  mountPath: {{ include "understudy.secretPath" . }}
  readOnly: true
{{- end }}
- name: {{ .Values.containerName }}-state
  mountPath: {{ .Values.config.state.directory | clean | dir | quote }}
- name: {{ .Values.containerName }}-snapshot
  mountPath: {{ .Values.config.snapshot.directory | clean | quote }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* How a probe asks. Takes (list context kind). */ -}}
{{- define "understudy.handler" -}}
{{- $context := index . 0 -}}
{{- $kind := index . 1 -}}
{{- if include "understudy.reachable" $context -}}
httpGet:
  path: {{ eq $kind "liveness" | ternary "/livez" "/readyz" }}
  port: understudy-http
  scheme: {{ include "understudy.scheme" $context | upper }}
{{- else -}}
exec:
  command: [understudy, {{ eq $kind "liveness" | ternary "live" "ready" }}, --config, {{ include "understudy.configPath" $context }}]
{{- end -}}
{{- end -}}

{{- define "understudy.probe" -}}
{{- $context := index . 0 -}}
{{- $kind := index . 1 -}}
{{- $probe := get $context.Values.probes $kind -}}
{{- if $probe.enabled -}}
{{- $rest := omit $probe "enabled" -}}
{{- $own := pick $probe "exec" "httpGet" "tcpSocket" "grpc" -}}
{{- $handler := include "understudy.handler" . | fromYaml -}}
{{- if or $own $handler -}}
{{ $kind }}Probe:
  {{- merge $rest (ternary (dict) $handler (not (empty $own))) | toYaml | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.container" -}}
{{- include "understudy.checks" . -}}
name: {{ .Values.containerName | quote }}
image: {{ include "understudy.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - run
  - --config
  - {{ include "understudy.configPath" . }}
{{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "understudy.env" . }}
env:
  {{- . | trim | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "understudy.port" . }}
ports:
  - name: understudy-http
    containerPort: {{ . }}
    protocol: TCP
{{- end }}
{{- range list "startup" "readiness" "liveness" }}
{{- with include "understudy.probe" (list $ .) }}
{{ . }}
{{- end }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "understudy.volumeMounts" . | nindent 2 }}
{{- end -}}
