#pragma once

#include "source/postgres/preflight.hpp"
#include "unit/render/formats.hpp"

#include <string>

namespace understudy::table_kit {

inline column_facts column_of(const std::string& name, oid type)
{
    column_facts facts;
    facts.described = {name, type, -1};
    facts.type_name = "type of " + name;
    return facts;
}

/// `public.materials (id int4 PRIMARY KEY, code text, note text)`, published and readable.
inline table_facts materials()
{
    table_facts facts;
    facts.id = 16400;
    facts.name = {"public", "materials"};
    facts.setting.schema = "public";
    facts.setting.name = "materials";
    facts.may_select = true;
    facts.published = true;
    facts.columns = {column_of("id", int4_type), column_of("code", text_type), column_of("note", text_type)};
    facts.primary_key = {"id"};
    facts.fingerprint = "fp";
    return facts;
}

}  // namespace understudy::table_kit
