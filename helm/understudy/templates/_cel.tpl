{{- /* Data as a literal of CEL, the language of admission policies. An object there has the name of its place in the pod,
and a map of strings, such as limits, is written as a map. Takes (list place data). */ -}}
{{- define "understudy.cel" -}}
{{- $place := index . 0 -}}
{{- $data := index . 1 -}}
{{- if kindIs "map" $data -}}
{{- $members := list -}}
{{- $isMap := regexMatch "\\.(limits|requests|labels|annotations|matchLabels|volumeAttributes)$" $place -}}
{{- range $name, $value := $data -}}
{{- if $isMap -}}
{{- $members = append $members (printf "%s: %s" (toJson $name) (toString $value | toJson)) -}}
{{- else -}}
{{- $members = append $members (printf "%s: %s" $name (include "understudy.cel" (list (printf "%s.%s" $place $name) $value))) -}}
{{- end -}}
{{- end -}}
{{- $isMap | ternary "" $place -}}{ {{- join ", " $members -}} }
{{- else if kindIs "slice" $data -}}
{{- $items := list -}}
{{- range $data -}}
{{- $items = append $items (include "understudy.cel" (list $place .)) -}}
{{- end -}}
[{{ join ", " $items }}]
{{- else if kindIs "float64" $data -}}
{{- eq (float64 (int64 $data)) $data | ternary (toString (int64 $data)) (toString $data) -}}
{{- else -}}
{{- toJson $data -}}
{{- end -}}
{{- end -}}
