# fish completion for understudy

set -l commands run once check status ready live verify publish pause resume drop-slot config version
complete -c understudy -f
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a run -d "Follow the source and publish generations"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a once -d "Catch up, publish, exit"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a check -d "Look at every prerequisite"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a status -d "Say what state things are in"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a ready -d "Say whether a usable generation is announced"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a live -d "Say whether the running daemon moves"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a verify -d "Check the announced generation"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a publish -d "Ask for a generation now"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a pause -d "Hold publishing until resume"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a resume -d "End a pause"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a drop-slot -d "Drop our replication slot"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a config -d "Show the effective configuration"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -a version -d "Show versions"
complete -c understudy -n "not __fish_seen_subcommand_from $commands" -l version -d "Show the version"
complete -c understudy -s h -l help -d "Show what can be typed"
complete -c understudy -n "__fish_seen_subcommand_from $commands" -l config -rF -d "The configuration file"
complete -c understudy -n "__fish_seen_subcommand_from check status ready live verify publish pause resume drop-slot config version" -l json -d "Answer in JSON"
complete -c understudy -n "__fish_seen_subcommand_from ready" -l max-age -x -d "How old it may be"
complete -c understudy -n "__fish_seen_subcommand_from verify" -l against-db -d "Compare with the database"
complete -c understudy -n "__fish_seen_subcommand_from pause" -l reason -x -d "Why"
