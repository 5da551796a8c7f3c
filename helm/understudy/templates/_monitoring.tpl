{{- /* What a ServiceMonitor and a PodMonitor say of an address. Takes (list context port). */ -}}
{{- define "understudy.endpoint" -}}
{{- $context := index . 0 -}}
{{- $monitoring := $context.Values.monitoring -}}
port: {{ index . 1 }}
path: /metrics
scheme: {{ include "understudy.scheme" $context }}
interval: {{ $monitoring.interval }}
{{- with $monitoring.authorization }}
authorization:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $monitoring.tlsConfig }}
tlsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "understudy.monitoringLabels" -}}
{{- include "understudy.labelsAnd" (list . .Values.monitoring.labels) -}}
{{- end -}}

{{- /* The rules of rules/*.yaml, as groups. */ -}}
{{- define "understudy.ruleGroups" -}}
{{- $rules := .Values.monitoring.rules -}}
{{- $groups := list -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "rules/*.yaml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}
{{- $kept := list -}}
{{- range .rules -}}
{{- $name := .alert | default .record -}}
{{- $names = append $names $name -}}
{{- if not (has $name $rules.excludeRules) -}}
{{- if .alert -}}
{{- $_ := set . "labels" (merge (dict) $rules.additionalLabels (.labels | default dict)) -}}
{{- if $rules.runbookUrlBase -}}
{{- $_ := set .annotations "runbook_url" (printf "%s/%s.md" (trimSuffix "/" $rules.runbookUrlBase) .alert) -}}
{{- end -}}
{{- end -}}
{{- $kept = append $kept . -}}
{{- end -}}
{{- end -}}
{{- if $kept -}}
{{- $groups = append $groups (set . "rules" $kept) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $rules.excludeRules -}}
{{- if not (has . $names) -}}
{{- fail (printf "monitoring.rules.excludeRules: there is no rule %s; there are %s" . (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}
