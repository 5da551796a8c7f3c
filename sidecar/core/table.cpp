#include "core/table.hpp"

namespace understudy {

std::string to_string(const table_name& name)
{
    return name.schema + "." + name.name;
}

std::string member_of(const table_name& name)
{
    return name.schema == "public" ? name.name : to_string(name);
}

}  // namespace understudy
