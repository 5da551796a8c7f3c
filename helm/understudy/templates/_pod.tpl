{{- /* What stands in a pod beside the container: its volumes, and the lists that another chart includes. */ -}}

{{- define "understudy.secretItems" -}}
{{- with .Values.credentials.connectionFileKey }}
- {key: {{ . | quote }}, path: connection}
{{- end }}
{{- with .Values.credentials.kafkaPropertiesKey }}
- {key: {{ . | quote }}, path: kafka.properties}
{{- end }}
{{- with .Values.credentials.serviceFileKey }}
- {key: {{ . | quote }}, path: pg_service.conf, mode: 0444}
{{- end }}
{{- with .Values.credentials.rootCertificateKey }}
- {key: {{ . | quote }}, path: root.crt, mode: 0444}
{{- end }}
{{- end -}}

{{- define "understudy.claimSpec" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClassName }}
storageClassName: {{ . | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .size | quote }}
{{- end -}}

{{- /* Takes (list context name). Nothing for a claim of the StatefulSet, which has its own place. */ -}}
{{- define "understudy.volume" -}}
{{- $context := index . 0 -}}
{{- $volume := get $context.Values (index . 1) -}}
{{- $kind := include "understudy.volumeKind" (list $context $volume) -}}
{{- if ne $kind "claim" }}
- name: {{ $context.Values.containerName }}-{{ index . 1 }}
{{- if eq $kind "existingClaim" }}
  persistentVolumeClaim:
    claimName: {{ $volume.existingClaim | quote }}
{{- else if eq $kind "ephemeral" }}
  ephemeral:
    volumeClaimTemplate:
      spec:
        {{- include "understudy.claimSpec" $volume | nindent 8 }}
{{- else }}
  emptyDir:
    {{- with $volume.medium }}
    medium: {{ . }}
    {{- end }}
    sizeLimit: {{ $volume.size | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Those that are the same wherever the mirror is kept. Takes (list context name-of-the-ConfigMap). */ -}}
{{- define "understudy.givenVolumes" -}}
{{- $context := index . 0 -}}
- name: {{ $context.Values.containerName }}-config
  configMap:
    name: {{ index . 1 | quote }}
{{- with include "understudy.secretItems" $context }}
- name: {{ $context.Values.containerName }}-secret
  secret:
    secretName: {{ $context.Values.credentials.existingSecret | quote }}
    defaultMode: 0440
    items:
      {{- . | trim | nindent 6 }}
{{- end }}
{{- with $context.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "understudy.volumes" -}}
{{- include "understudy.givenVolumes" (list . (include "understudy.fullname" .)) }}
{{- include "understudy.volume" (list . "state") }}
{{- include "understudy.volume" (list . "snapshot") }}
{{- end -}}

{{- define "understudy.nativeContainer" -}}
{{ include "understudy.container" . }}
restartPolicy: Always
{{- end -}}

{{- define "understudy.notStandalone" -}}
{{- if eq .Values.mode "standalone" -}}
{{- fail "mode: set it to sidecar, for understudy goes into a pod of another chart here" -}}
{{- end -}}
{{- end -}}

{{- /* For `initContainers` of another chart's pod; empty with sidecar.native=false. */ -}}
{{- define "understudy.initContainers" -}}
{{- include "understudy.notStandalone" . -}}
{{- if .Values.sidecar.native -}}
- {{ include "understudy.nativeContainer" . | indent 2 | trim }}
{{- end -}}
{{- end -}}

{{- /* For its `containers`; empty unless sidecar.native=false. */ -}}
{{- define "understudy.containers" -}}
{{- include "understudy.notStandalone" . -}}
{{- if not .Values.sidecar.native -}}
- {{ include "understudy.container" . | indent 2 | trim }}
{{- end -}}
{{- end -}}

{{- /* For `volumeMounts` of the application's containers. */ -}}
{{- define "understudy.readerVolumeMounts" -}}
- name: {{ .Values.containerName }}-snapshot
  mountPath: {{ .Values.sidecar.mountPath | default .Values.config.snapshot.directory | quote }}
  readOnly: true
{{- end -}}
