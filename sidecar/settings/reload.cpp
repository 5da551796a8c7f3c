#include "settings/reload.hpp"

#include "settings/shown.hpp"

namespace understudy {

namespace {

/// What is shown of a secret hides it, so the secret itself is compared.
bool differs(const setting_key& key, const settings& before, const settings& after)
{
    if (key.name == "source.postgres.connection") return before.postgres.connection != after.postgres.connection;
    if (key.name == "source.kafka.properties") return before.kafka.properties != after.kafka.properties;
    if (key.name == "serve.token_file") return before.serve.token != after.serve.token;
    return key.show(before) != key.show(after);
}

changed_key change_of(const setting_key& key, const settings& before, const settings& after)
{
    changed_key made{key.name, key.on_reload, shown_text(key.show(before)), shown_text(key.show(after))};
    if (made.before == made.after) made.after += " (a secret in it changed)";
    return made;
}

}  // namespace

std::vector<changed_key> compare(const settings& before, const settings& after)
{
    std::vector<changed_key> changes;
    for (const auto& key : setting_keys())
        if (differs(key, before, after)) changes.push_back(change_of(key, before, after));
    return changes;
}

settings with_live_changes(settings running, const settings& wanted)
{
    running.cadence = wanted.cadence;
    running.log = wanted.log;
    running.documents = wanted.documents;
    running.snapshot.keep = wanted.snapshot.keep;
    running.snapshot.grace = wanted.snapshot.grace;
    running.heartbeat = wanted.heartbeat;
    return running;
}

loaded_settings with_live_changes(loaded_settings running, const loaded_settings& wanted)
{
    running.values = with_live_changes(std::move(running.values), wanted.values);
    for (const auto& key : setting_keys()) {
        auto origin = wanted.origins.find(key.name);
        if (key.on_reload == reload_effect::live && origin != wanted.origins.end())
            running.origins.insert_or_assign(std::string{key.name}, origin->second);
    }
    return running;
}

}  // namespace understudy
