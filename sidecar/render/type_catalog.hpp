#pragma once

#include "core/table.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace understudy {

struct type_attribute {
    std::string name;
    oid type = 0;
};

/// What pg_type, pg_attribute and pg_cast say of one type.
struct type_facts {
    oid id = 0;
    std::string schema = {};
    std::string name = {};
    char kind = 'b';       ///< typtype: b base, c composite, d domain, e enum, r range, m multirange, p pseudo.
    oid base = 0;          ///< Of a domain (typbasetype).
    oid element = 0;       ///< Of a true array (typelem where typsubscript is array_subscript_handler).
    char delimiter = ',';  ///< typdelim of the *element*'s array form: `;` for box.
    std::vector<type_attribute> attributes = {};  ///< Of a composite, dropped ones left out.
    bool casts_to_json = false;                   ///< An extension's type with a cast to json: to_json calls that cast.
    std::int32_t base_typmod = -1;                ///< Of a domain (typtypmod): its base type's.
};

/// The types that a table's columns lead to, filled by the source from the catalog. The built-in scalar types
/// need no entry.
class type_catalog {
public:
    void add(type_facts facts)
    {
        auto id = facts.id;
        facts_.insert_or_assign(id, std::move(facts));
    }
    const type_facts* find(oid id) const noexcept
    {
        auto found = facts_.find(id);
        return found == facts_.end() ? nullptr : &found->second;
    }

    const std::unordered_map<oid, type_facts>& all() const noexcept { return facts_; }

private:
    std::unordered_map<oid, type_facts> facts_;
};

}  // namespace understudy
