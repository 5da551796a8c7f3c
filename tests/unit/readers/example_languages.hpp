#pragma once

#include <string>
#include <vector>

namespace understudy::testing {

/// The example readers of config/examples, ready to be started. The definitions are those of the CMake target
/// example_readers.
struct example_language {
    std::string name;
    std::vector<std::string> vectors;    ///< Runs the cases of a directory.
    std::vector<std::string> materials;  ///< Reads when a line comes in.
};

inline std::vector<example_language> example_languages()
{
    const std::string source = EXAMPLE_SOURCE_DIRECTORY;
    return {{"python",
             {EXAMPLE_PYTHON, "-B", source + "/python/vectors.py"},
             {EXAMPLE_PYTHON, "-B", source + "/python/materials.py"}},
            {"node", {EXAMPLE_NODE, source + "/node/vectors.mjs"}, {EXAMPLE_NODE, source + "/node/materials.mjs"}},
            {"go", {EXAMPLE_GO_DIRECTORY "/vectors"}, {EXAMPLE_GO_DIRECTORY "/materials"}},
            {"cpp", {EXAMPLE_CPP_VECTORS}, {EXAMPLE_CPP_MATERIALS}}};
}

}  // namespace understudy::testing
