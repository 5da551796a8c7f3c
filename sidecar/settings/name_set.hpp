#pragma once

#include <map>
#include <string>

namespace understudy {

/// Where each name was first used; says no to the second use.
class name_set {
public:
    /// The key of the first use when the name is taken, else empty.
    std::string claim(const std::string& name, const std::string& key)
    {
        auto [first, fresh] = used_.try_emplace(name, key);
        return fresh ? std::string{} : first->second;
    }

private:
    std::map<std::string, std::string> used_;
};

}  // namespace understudy
