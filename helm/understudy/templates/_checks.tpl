{{- /* What values.schema.json cannot say: values that contradict each other, or that only some modes need. */ -}}

{{- /* Without zeros in front, which would make them octal. */ -}}
{{- define "understudy.digits" -}}
{{- regexReplaceAll "^0+" (regexFind "^[0-9]+" .) "" | default "0" -}}
{{- end -}}

{{- define "understudy.milliseconds" -}}
{{- $unit := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000) (regexFind "[a-z]+$" .) -}}
{{- mul (include "understudy.digits" . | int64) $unit -}}
{{- end -}}

{{- define "understudy.bytes" -}}
{{- $unit := get (dict "" 1 "B" 1 "KiB" 1024 "MiB" 1048576 "GiB" 1073741824 "TiB" 1099511627776) (regexFind "[A-Za-z]+$" .) -}}
{{- mul (include "understudy.digits" . | int64) $unit -}}
{{- end -}}

{{- /* Takes (list bound value); the bound is one of files/bounds.yaml. Prints the value in its smallest unit. */ -}}
{{- define "understudy.amount" -}}
{{- $value := index . 1 -}}
{{- if not (kindIs "string" $value) -}}
{{- int64 $value -}}
{{- else if eq (index . 0).unit "duration" -}}
{{- include "understudy.milliseconds" $value -}}
{{- else -}}
{{- include "understudy.bytes" $value -}}
{{- end -}}
{{- end -}}

{{- /* Each check prints lines `key: what is wrong`. */ -}}

{{- define "understudy.check.bounds" -}}
{{- $config := .Values.config -}}
{{- range .Files.Get "files/bounds.yaml" | fromYamlArray -}}
{{- $section := index (splitList "." .key) 0 -}}
{{- $name := index (splitList "." .key) 1 -}}
{{- $value := dig $section $name "" $config -}}
{{- if ne (toString $value) "" -}}
{{- $amount := include "understudy.amount" (list . $value) | int64 -}}
{{- if or (lt $amount (int64 .min)) (gt $amount (int64 .max)) }}
config.{{ .key }}: {{ $value }} is not between {{ .minText }} and {{ .maxText }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.cadence" -}}
{{- $cadence := .Values.config.cadence | default dict -}}
{{- $least := $cadence.min_interval | default "1s" -}}
{{- if $cadence.every -}}
{{- $every := include "understudy.milliseconds" $cadence.every | int64 -}}
{{- if lt $every (include "understudy.milliseconds" $least | int64) }}
config.cadence.every: {{ $cadence.every }} is shorter than config.cadence.min_interval ({{ $least }})
{{- end -}}
{{- if $cadence.after_quiet -}}
{{- if ge (include "understudy.milliseconds" $cadence.after_quiet | int64) $every }}
config.cadence.after_quiet: {{ $cadence.after_quiet }} is never due, for config.cadence.every ({{ $cadence.every }}) always comes first
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.source" -}}
{{- if .Values.config.source.kafka -}}
{{- include "understudy.check.kafka" . -}}
{{- else -}}
{{- include "understudy.check.postgres" . -}}
{{- end -}}
{{- if not .Values.config.tables }}
config.tables: missing; name the tables to mirror, e.g. [public.materials]
{{- end -}}
{{- end -}}

{{- /* What of the values is about Postgres, and so about no Kafka. */ -}}
{{- define "understudy.check.kafka" -}}
{{- $kafka := .Values.config.source.kafka -}}
{{- if not $kafka.brokers }}
config.source.kafka.brokers: missing; say where the cluster is
{{- end -}}
{{- if not $kafka.topics }}
config.source.kafka.topics: missing; say which topics, e.g. {prefix: shop}
{{- end -}}
{{- range list "connection" "connection_file" -}}
{{- if get ($.Values.config.source.postgres | default dict) . }}
config.source.postgres.{{ . }}: config.source.kafka is followed, and there can be only one source
{{- end -}}
{{- end -}}
{{- if and $kafka.description .Values.kafka.description }}
kafka.description: belongs to no config.source.kafka.description, which names another file; only one of these can be given
{{- end -}}
{{- if and .Values.kafka.description (hasKey (fromJson .Values.kafka.description) "Error") }}
kafka.description: is not the JSON that `understudy describe` writes; for a file say --set-file kafka.description=...
{{- end -}}
{{- if and $kafka.properties_file .Values.credentials.kafkaPropertiesKey }}
credentials.kafkaPropertiesKey, config.source.kafka.properties_file: only one of these can be given
{{- end -}}
{{- range keys ($kafka.properties | default dict) | sortAlpha -}}
{{- if regexMatch "password|secret|jaas|key\\.pem" . }}
config.source.kafka.properties.{{ . }}: a ConfigMap is no place for a secret; use credentials.kafkaPropertiesKey
{{- end -}}
{{- end -}}
{{- range list "passwordKey" "connectionKey" "connectionFileKey" "serviceFileKey" "passfile" -}}
{{- if get $.Values.credentials . }}
credentials.{{ . }}: is about Postgres, and config.source.kafka is followed; use credentials.kafkaPropertiesKey
{{- end -}}
{{- end -}}
{{- range list "slotPerPod" "dropSlotOnUninstall" -}}
{{- if get $.Values . }}
{{ . }}: a sidecar that follows Kafka has no slot
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.postgres" -}}
{{- $postgres := .Values.config.source.postgres -}}
{{- $given := list -}}
{{- if $postgres.connection }}{{ $given = append $given "config.source.postgres.connection" }}{{ end -}}
{{- if $postgres.connection_file }}{{ $given = append $given "config.source.postgres.connection_file" }}{{ end -}}
{{- if .Values.credentials.connectionKey }}{{ $given = append $given "credentials.connectionKey" }}{{ end -}}
{{- if .Values.credentials.connectionFileKey }}{{ $given = append $given "credentials.connectionFileKey" }}{{ end -}}
{{- if not $given }}
config.source.postgres.connection: missing; say where the database is, or name a Secret that does by credentials.connectionKey
{{- else if gt (len $given) 1 }}
{{ join ", " $given }}: only one of these can be given
{{- end -}}
{{- if regexMatch "(^|[ \t?&])(password|sslpassword)\\s*=|^postgres(ql)?://[^/@]*:[^/@]*@" ($postgres.connection | default "") }}
config.source.postgres.connection: holds a password, and a ConfigMap is no place for one; use credentials.passwordKey
{{- end -}}
{{- if .Values.credentials.kafkaPropertiesKey }}
credentials.kafkaPropertiesKey: is about config.source.kafka, and there is none
{{- end -}}
{{- if .Values.kafka.description }}
kafka.description: is about config.source.kafka, and there is none
{{- end -}}
{{- if and .Values.slotPerPod (gt (len $postgres.slot) 60) }}
config.source.postgres.slot: has {{ len $postgres.slot }} characters, and of the 63 that there can be slotPerPod takes three
{{- end -}}
{{- end -}}

{{- /* An authority that nobody asks, or that is asked and not there. */ -}}
{{- define "understudy.check.authority" -}}
{{- if .Values.config.source.kafka -}}
{{- include "understudy.check.kafkaAuthority" . -}}
{{- else -}}
{{- include "understudy.check.postgresAuthority" . -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.kafkaAuthority" -}}
{{- $kafka := .Values.config.source.kafka -}}
{{- if .Values.credentials.rootCertificateKey -}}
{{- $properties := $kafka.properties | default dict -}}
{{- $protocol := get $properties "security.protocol" | toString | upper -}}
{{- $unknown := and (not $protocol) (or .Values.credentials.kafkaPropertiesKey $kafka.properties_file) -}}
{{- if not (or $unknown (has $protocol (list "SSL" "SASL_SSL"))) }}
credentials.rootCertificateKey: without TLS nobody is asked for a certificate; set config.source.kafka.properties.security.protocol to SSL or SASL_SSL
{{- end -}}
{{- if hasKey $properties "ssl.ca.location" }}
credentials.rootCertificateKey, config.source.kafka.properties.ssl.ca.location: only one of these can be given
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What a service file or the environment says is not seen here. */ -}}
{{- define "understudy.check.postgresAuthority" -}}
{{- $connection := .Values.config.source.postgres.connection | default "" -}}
{{- $elsewhere := or (not $connection) (regexMatch "(^|[ ?&])service *=" $connection) .Values.extraEnvFrom -}}
{{- range .Values.extraEnv -}}
{{- if hasPrefix "PGSSL" .name }}{{ $elsewhere = true }}{{ end -}}
{{- end -}}
{{- if not $elsewhere -}}
{{- $verified := regexMatch "(^|[ ?&])sslmode *= *verify-(ca|full)" $connection -}}
{{- $named := regexMatch "(^|[ ?&])sslrootcert *=" $connection -}}
{{- if and .Values.credentials.rootCertificateKey (or $named (not $verified)) }}
credentials.rootCertificateKey: {{ $named | ternary "sslrootcert in config.source.postgres.connection comes first" "never asked; add sslmode=verify-full to config.source.postgres.connection" }}
{{- else if and $verified (not $named) (not .Values.credentials.rootCertificateKey) }}
credentials.rootCertificateKey: missing; sslmode in config.source.postgres.connection asks for a certificate that nothing here can vouch for
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.credentials" -}}
{{- $values := .Values.credentials -}}
{{- $keys := list -}}
{{- range list "passwordKey" "connectionKey" "connectionFileKey" "serviceFileKey" "rootCertificateKey" "kafkaPropertiesKey" -}}
{{- if get $values . }}{{ $keys = append $keys (printf "credentials.%s" .) }}{{ end -}}
{{- end -}}
{{- if and $keys (not $values.existingSecret) }}
credentials.existingSecret: missing, and {{ join ", " $keys }} {{ len $keys | eq 1 | ternary "is a key" "are keys" }} of it
{{- end -}}
{{- if and $values.existingSecret (not $keys) }}
credentials.existingSecret: nothing is taken from {{ $values.existingSecret }}; name a key, e.g. credentials.passwordKey
{{- end -}}
{{- if and $values.passwordKey $values.passfile }}
credentials.passfile: never read, for credentials.passwordKey comes first
{{- end -}}
{{- end -}}

{{- /* The snapshot's volume may be mounted below the state's, not the other way round. */ -}}
{{- define "understudy.check.directories" -}}
{{- $state := .Values.config.state.directory | clean -}}
{{- $snapshot := .Values.config.snapshot.directory | clean -}}
{{- if eq (dir $state) "/" }}
config.state.directory: {{ $state }} needs a directory above it that its volume is mounted on, e.g. /var/lib/understudy{{ $state }}
{{- else if hasPrefix (printf "%s/" $state) (printf "%s/" $snapshot) }}
config.snapshot.directory: {{ $snapshot }} lies in config.state.directory ({{ $state }})
{{- else if hasPrefix (printf "%s/" $snapshot) (printf "%s/" (dir $state)) }}
config.state.directory: {{ $state }} needs a volume of its own, and that would be mounted in config.snapshot.directory ({{ $snapshot }})
{{- end -}}
{{- end -}}

{{- /* Takes (list context address). The root is read-only, so a socket has to be in a volume. */ -}}
{{- define "understudy.check.listen" -}}
{{- $address := index . 1 -}}
{{- if hasPrefix "unix:" $address -}}
{{- $path := trimPrefix "unix:" $address -}}
{{- $places := list -}}
{{- range include "understudy.volumeMounts" (index . 0) | fromYamlArray -}}
{{- if hasPrefix (printf "%s/" (clean .mountPath)) (clean $path) }}{{ $places = append $places .mountPath }}{{ end -}}
{{- end -}}
{{- if not $places }}
config.serve.listen: {{ $address }} is in no volume, and the container's root is read-only; put it below config.snapshot.directory, or a volume there by extraVolumes and extraVolumeMounts
{{- end -}}
{{- else -}}
{{- $port := regexFind "[0-9]+$" $address | default "0" | atoi -}}
{{- if not (and (regexMatch "^([0-9.]+|localhost|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$" $address) (ge $port 1) (le $port 65535)) }}
config.serve.listen: {{ $address }} is no address and port, such as 0.0.0.0:8080, [::]:8080 or unix:/path
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.serve" -}}
{{- $serve := .Values.config.serve | default dict -}}
{{- if and $serve (not $serve.listen) }}
config.serve.listen: missing, and nothing is served without it
{{- end -}}
{{- range (kindIs "slice" $serve.listen | ternary $serve.listen (list $serve.listen | compact)) -}}
{{- include "understudy.check.listen" (list $ .) -}}
{{- end -}}
{{- if and (include "understudy.reachable" .) (not $serve.anywhere) }}
config.serve.anywhere: has to be true for {{ include "understudy.reachable" . }}, which other hosts can reach
{{- end -}}
{{- if ne (empty $serve.certificate) (empty $serve.private_key) }}
config.serve.{{ empty $serve.certificate | ternary "certificate" "private_key" }}: missing; certificate and private_key belong together
{{- end -}}
{{- if and $serve.token_file (or .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled) (not .Values.monitoring.authorization) }}
monitoring.authorization: missing; /metrics asks for the token of config.serve.token_file
{{- end -}}
{{- if not (include "understudy.reachable" .) -}}
{{- range list "serviceMonitor" "podMonitor" -}}
{{- if (get $.Values.monitoring .).enabled }}
monitoring.{{ . }}.enabled: Prometheus cannot ask; give config.serve.listen an address that it can reach, e.g. 0.0.0.0:8080, with config.serve.anywhere
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.labels" -}}
{{- range $name := list "commonLabels" "podLabels" -}}
{{- range list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/managed-by" -}}
{{- if hasKey (get $.Values $name | default dict) . }}
{{ $name }}.{{ . }}: our pods are found, and our objects known to be Helm's, by what this chart writes there
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.image" -}}
{{- $word := "[a-z0-9]+([._-]+[a-z0-9]+)*" -}}
{{- if not (regexMatch (printf "^(([A-Za-z0-9.-]+|\\[[0-9a-fA-F:]+\\])(:[0-9]+)?/)?%s(/%s)*$" $word $word) .Values.image.repository) }}
image.repository: {{ .Values.image.repository }} is no name of an image; what stands behind a colon or @ belongs into image.tag or image.digest
{{- end -}}
{{- end -}}

{{- /* Ports that are said in two places. A policy with rules of one's own may let them out by those. */ -}}
{{- define "understudy.check.ports" -}}
{{- $policy := .Values.networkPolicy -}}
{{- if and $policy.enabled (not $policy.extraEgress) -}}
{{- $name := .Values.config.source.kafka | empty | ternary "postgres" "kafka" -}}
{{- $port := get $policy $name | dig "port" 0 | toString -}}
{{- range regexFindAll "[0-9]+" (include (printf "understudy.%sPorts" $name) .) -1 | uniq -}}
{{- if ne . $port }}
networkPolicy.{{ $name }}.port: {{ $port }} is let out, and config.source.{{ $name }} names port {{ . }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.kafkaPorts" -}}
{{- regexFindAll ":[0-9]+(,|$)" (.Values.config.source.kafka.brokers | default "") -1 | join " " -}}
{{- end -}}

{{- define "understudy.postgresPorts" -}}
{{- $connection := .Values.config.source.postgres.connection | default "" -}}
{{- $hosts := regexFind "^postgres(ql)?://[^/?]*" $connection | trimPrefix "postgresql:" | trimPrefix "postgres:" -}}
{{- regexFindAll ":[0-9]+(,|$)" $hosts -1 | join " " -}}
{{- regexFind "(^|[ ?&])port *= *[0-9,]+" $connection -}}
{{- end -}}

{{- /* Takes (list key what-needs-it oldest-version context). */ -}}
{{- define "understudy.check.version" -}}
{{- $version := (index . 3).Capabilities.KubeVersion.Version -}}
{{- if semverCompare (printf "<%s-0" (index . 2)) $version }}
{{ index . 0 }}: {{ index . 1 }} needs Kubernetes {{ index . 2 }}, and this is {{ $version }}
{{- end -}}
{{- end -}}

{{- /* A key that is another one, or lies in it, would take its place. */ -}}
{{- define "understudy.check.fragment" -}}
{{- $fragment := .Values.fragment -}}
{{- $parts := list "volumes" "volumeMounts" (.Values.sidecar.native | ternary "initContainers" "containers") -}}
{{- range $one := $parts -}}
{{- range $other := without $parts $one -}}
{{- if hasPrefix (printf "%s." (get $fragment $other)) (printf "%s." (get $fragment $one)) }}
fragment.{{ $one }}: {{ get $fragment $one }} cannot be, with {{ get $fragment $other }} for fragment.{{ $other }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "understudy.check.mode" -}}
{{- $mode := .Values.mode -}}
{{- if .Values.slotPerPod -}}
{{- include "understudy.check.version" (list "slotPerPod" "the number of a pod" "1.28.0" .) -}}
{{- end -}}
{{- if eq $mode "policy" -}}
{{- include "understudy.check.version" (list "mode" "a policy that adds a sidecar" "1.34.0" .) -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.slotPerPod) (not .Values.config.source.kafka) }}
replicas: {{ .Values.replicas }} pods need as many slots; set slotPerPod, or leave it at 1
{{- end -}}
{{- range keys (pick .Values.extraPodSpec "containers" "initContainers" "volumes" "securityContext" "serviceAccountName" "automountServiceAccountToken" "enableServiceLinks" "terminationGracePeriodSeconds" "imagePullSecrets" "priorityClassName" "runtimeClassName" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints") }}
extraPodSpec.{{ . }}: there is a value for that
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (not (include "understudy.given" .minAvailable)) (not (include "understudy.given" .maxUnavailable)) }}
podDisruptionBudget.maxUnavailable: missing, and podDisruptionBudget.minAvailable, too
{{- end -}}
{{- end -}}
{{- if ne $mode "standalone" -}}
{{- range list "networkPolicy" "podDisruptionBudget" -}}
{{- if (get $.Values .).enabled }}
{{ . }}.enabled: only for mode=standalone; in another pod it would be about that pod
{{- end -}}
{{- end -}}
{{- if .Values.monitoring.serviceMonitor.enabled }}
monitoring.serviceMonitor.enabled: only for mode=standalone; a sidecar has no Service, so use monitoring.podMonitor
{{- end -}}
{{- end -}}
{{- if and (eq $mode "sidecar") .Values.monitoring.podMonitor.enabled (not .Values.monitoring.podMonitor.selector) }}
monitoring.podMonitor.selector: missing; only you know the labels of the pods that the sidecar is in
{{- end -}}
{{- if and (eq $mode "policy") (not .Values.sidecar.native) }}
sidecar.native: has to be true for mode=policy
{{- end -}}
{{- end -}}

{{- /* Fails with every complaint at once. Prints nothing. */ -}}
{{- define "understudy.checks" -}}
{{- $complaints := "" -}}
{{- range list "source" "credentials" "authority" "bounds" "cadence" "directories" "serve" "image" "ports" "volumes" "mounts" "names" "resources" "probes" "security" "labels" "fragment" "mode" -}}
{{- $complaints = print $complaints (include (printf "understudy.check.%s" .) $) -}}
{{- end -}}
{{- if $complaints -}}
{{- fail (printf "\n\nThese values cannot be used:\n%s\n" (trim $complaints)) -}}
{{- end -}}
{{- end -}}

{{- /* For a chart that puts the sidecar into a workload of several replicas. Takes (list context kind replicas). */ -}}
{{- define "understudy.checkReplicas" -}}
{{- $values := (index . 0).Values -}}
{{- if and $values.slotPerPod (ne (index . 1) "StatefulSet") -}}
{{- fail (printf "slotPerPod: the pods of a %s have no number; only those of a StatefulSet do" (index . 1)) -}}
{{- end -}}
{{- if and (gt (int (index . 2)) 1) (not $values.slotPerPod) (not $values.config.source.kafka) -}}
{{- fail (printf "slotPerPod: %d pods need as many slots; run one, or use a StatefulSet and set slotPerPod" (int (index . 2))) -}}
{{- end -}}
{{- end -}}
