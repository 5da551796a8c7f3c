{{- /* The program's configuration, and what other objects have to know of it. */ -}}

{{- define "understudy.configPath" -}}
/etc/understudy/understudy.yaml
{{- end -}}

{{- define "understudy.descriptionPath" -}}
/etc/understudy/tables.json
{{- end -}}

{{- define "understudy.secretPath" -}}
/etc/understudy-secret
{{- end -}}

{{- /* The configuration as it goes into the ConfigMap. */ -}}
{{- define "understudy.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if $config.source.kafka -}}
{{- $_ := unset $config.source "postgres" -}}
{{- if .Values.kafka.description -}}
{{- $_ := set $config.source.kafka "description" (include "understudy.descriptionPath" .) -}}
{{- end -}}
{{- if .Values.credentials.kafkaPropertiesKey -}}
{{- $_ := set $config.source.kafka "properties_file" (printf "%s/kafka.properties" (include "understudy.secretPath" .)) -}}
{{- end -}}
{{- if .Values.credentials.rootCertificateKey -}}
{{- $authority := dict "ssl.ca.location" (printf "%s/root.crt" (include "understudy.secretPath" .)) -}}
{{- $_ := set $config.source.kafka "properties" (merge $authority ($config.source.kafka.properties | default dict)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.credentials.connectionFileKey -}}
{{- $_ := set $config.source.postgres "connection_file" (printf "%s/connection" (include "understudy.secretPath" .)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- /* The first address of serve.listen that other hosts can reach, as `address:port`; empty if there is none. */ -}}
{{- define "understudy.reachable" -}}
{{- $found := "" -}}
{{- $listen := dig "serve" "listen" list .Values.config -}}
{{- range (kindIs "string" $listen | ternary (list $listen) $listen) -}}
{{- if not (or $found (regexMatch "^(unix:|127\\.|localhost:|\\[::1\\])" .)) -}}
{{- $found = . -}}
{{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{- define "understudy.port" -}}
{{- include "understudy.reachable" . | regexFind "[0-9]+$" -}}
{{- end -}}

{{- define "understudy.scheme" -}}
{{- dig "serve" "certificate" "" .Values.config | empty | ternary "http" "https" -}}
{{- end -}}

{{- /* Changes with the configuration, so that pods are made anew. */ -}}
{{- define "understudy.podAnnotations" -}}
checksum/understudy-config: {{ printf "%s%s" (include "understudy.config" .) .Values.kafka.description | sha256sum }}
{{- end -}}
