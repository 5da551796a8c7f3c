#include "publish/history.hpp"

#include <cstdio>

namespace understudy {

namespace {

bool in_grace(const history_facts& facts, std::uint64_t number)
{
    auto ended = facts.ended.find(number);
    return ended != facts.ended.end() && facts.now - ended->second < facts.grace;
}

bool remove_generation(const snapshot_directory& directory, std::uint64_t number)
{
    auto away = temporary_name();
    auto parent = directory.generations_fd();
    return ::renameat(parent, generation_name(number).c_str(), parent, away.c_str()) == 0 && remove_tree(parent, away);
}

}  // namespace

std::vector<std::uint64_t> removable(const history_facts& facts)
{
    std::vector<std::uint64_t> found;
    if (!facts.current) return found;
    std::uint32_t kept = 1;
    for (auto number = facts.numbers.rbegin(); number != facts.numbers.rend(); ++number) {
        if (*number >= *facts.current || facts.pinned.contains(*number)) continue;
        if (++kept <= facts.keep || in_grace(facts, *number)) continue;
        found.insert(found.begin(), *number);
    }
    return found;
}

std::vector<std::uint64_t> remove_generations(const snapshot_directory& directory,
                                              std::span<const std::uint64_t> numbers)
{
    std::vector<std::uint64_t> left;
    for (auto number : numbers)
        if (!remove_generation(directory, number)) left.push_back(number);
    return left;
}

}  // namespace understudy
