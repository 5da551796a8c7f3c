{{- /* As _checks.tpl, of the container and its pod: what Kubernetes would refuse, or take and never run. */ -}}

{{- /* A quantity of Kubernetes as a number. */ -}}
{{- define "understudy.quantity" -}}
{{- $number := regexFind "^[0-9.]+([eE][-+]?[0-9]+)?" (toString .) -}}
{{- $units := dict "n" 1e-9 "u" 1e-6 "m" 1e-3 "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 -}}
{{- $binary := dict "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 -}}
{{- mulf (float64 $number) (get (merge $units $binary) (trimPrefix $number (toString .))) -}}
{{- end -}}

{{- define "understudy.check.volumes" -}}
{{- range $name, $volume := dict "state" .Values.state "snapshot" .Values.snapshot -}}
{{- $kind := include "understudy.volumeKind" (list $ $volume) -}}
{{- if and (eq $kind "claim") (ne $.Values.mode "standalone") }}
{{ $name }}.kind: `claim` belongs to the stand-alone StatefulSet; use emptyDir, ephemeral or existingClaim
{{- end -}}
{{- if ne (eq $kind "existingClaim") (ne $volume.existingClaim "") }}
{{ $name }}.existingClaim: belongs together with {{ $name }}.kind=existingClaim
{{- end -}}
{{- if and (eq $kind "existingClaim") (gt (int $.Values.replicas) 1) }}
{{ $name }}.existingClaim: one claim cannot serve {{ $.Values.replicas }} replicas
{{- end -}}
{{- if and $volume.medium (ne $kind "emptyDir") }}
{{ $name }}.medium: only an emptyDir has one
{{- end -}}
{{- if lt (include "understudy.quantity" $volume.size | float64) 1048576.0 }}
{{ $name }}.size: {{ $volume.size }} is less than 1Mi
{{- end -}}
{{- end -}}
{{- if and .Values.state.existingClaim (eq .Values.state.existingClaim .Values.snapshot.existingClaim) }}
snapshot.existingClaim: applications would see the mirror, too, for {{ .Values.state.existingClaim }} is state.existingClaim
{{- end -}}
{{- end -}}

{{- define "understudy.check.mounts" -}}
{{- $keys := dict (printf "%s-state" .Values.containerName) "config.state.directory" (printf "%s-snapshot" .Values.containerName) "config.snapshot.directory" -}}
{{- $taken := list -}}
{{- range include "understudy.volumeMounts" . | fromYamlArray -}}
{{- $path := clean .mountPath -}}
{{- $key := get $keys .name | default "extraVolumeMounts" -}}
{{- if has $path $taken }}
{{ $key }}: {{ $path }} is where another volume is mounted
{{- else if or (has $path (list "/" "/etc" "/usr" "/usr/bin")) (contains ":" $path) }}
{{ $key }}: no volume can be mounted on {{ $path }}
{{- end -}}
{{- $taken = append $taken $path -}}
{{- end -}}
{{- end -}}

{{- /* A name that is there already. Takes (list key items names). */ -}}
{{- define "understudy.check.once" -}}
{{- $key := index . 0 -}}
{{- $taken := index . 2 -}}
{{- range index . 1 -}}
{{- if has .name $taken }}
{{ $key }}: there is a {{ .name }} already
{{- end -}}
{{- $taken = append $taken .name -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.names" -}}
{{- $name := .Values.containerName -}}
{{- $volumes := list (printf "%s-config" $name) (printf "%s-secret" $name) (printf "%s-state" $name) (printf "%s-snapshot" $name) -}}
{{- include "understudy.check.once" (list "extraVolumes" .Values.extraVolumes $volumes) -}}
{{- include "understudy.check.once" (list "extraContainers" .Values.extraContainers (list $name)) -}}
{{- include "understudy.check.once" (list "initContainers" .Values.initContainers (concat (list $name) (include "understudy.namesOf" .Values.extraContainers | fromYamlArray))) -}}
{{- include "understudy.check.once" (list "extraEnv" .Values.extraEnv (include "understudy.ownEnv" . | fromYamlArray | include "understudy.namesOf" | fromYamlArray)) -}}
{{- if eq .Values.mode "standalone" -}}
{{- $volumes = concat $volumes (include "understudy.namesOf" .Values.extraVolumes | fromYamlArray) -}}
{{- range .Values.extraVolumeMounts -}}
{{- if not (has .name $volumes) }}
extraVolumeMounts: there is no volume {{ .name }}; it belongs into extraVolumes
{{- end -}}
{{- end -}}
{{- end -}}
{{- if regexMatch "(^| )--config(=| |$)" (join " " .Values.extraArgs) }}
extraArgs: --config is given already, and what it names is made of config
{{- end -}}
{{- end -}}

{{- define "understudy.namesOf" -}}
{{- $names := list -}}
{{- range . -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- toYaml $names -}}
{{- end -}}

{{- define "understudy.check.resources" -}}
{{- $resources := .Values.resources | default dict -}}
{{- $limits := $resources.limits | default dict -}}
{{- range $name, $asked := $resources.requests | default dict -}}
{{- if hasKey $limits $name -}}
{{- if gt (include "understudy.quantity" $asked | float64) (include "understudy.quantity" (get $limits $name) | float64) }}
resources.requests.{{ $name }}: {{ $asked }} is over resources.limits.{{ $name }} ({{ get $limits $name }})
{{- end -}}
{{- end -}}
{{- end -}}
{{- if hasKey $limits "memory" -}}
{{- $memory := include "understudy.quantity" $limits.memory | float64 -}}
{{- if lt $memory 33554432.0 }}
resources.limits.memory: {{ $limits.memory }} is less than the 32Mi that understudy takes at least
{{- else if and .Values.snapshot.medium (ge (include "understudy.quantity" .Values.snapshot.size | float64) $memory) }}
snapshot.size: {{ .Values.snapshot.size }} of memory leave nothing of resources.limits.memory ({{ $limits.memory }})
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.probes" -}}
{{- range $kind, $probe := .Values.probes -}}
{{- $handlers := keys (pick $probe "exec" "httpGet" "tcpSocket" "grpc") | sortAlpha -}}
{{- if gt (len $handlers) 1 }}
probes.{{ $kind }}.{{ join (printf ", probes.%s." $kind) $handlers }}: only one of these can be given
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.security" -}}
{{- $security := .Values.securityContext | default dict -}}
{{- if and $security.runAsNonRoot (eq (toString $security.runAsUser) "0") }}
securityContext.runAsUser: 0 is root, and securityContext.runAsNonRoot is true
{{- end -}}
{{- if and $security.privileged (eq (toString $security.allowPrivilegeEscalation) "false") }}
securityContext.privileged: contradicts securityContext.allowPrivilegeEscalation=false
{{- end -}}
{{- end -}}
