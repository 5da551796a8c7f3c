#pragma once

#include "decode/json_tape.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// What a JSON text has around its scalars: braces, brackets, commas, names and spaces. The messages of a topic are many texts
/// of few skeletons, and a text of a known one needs no parsing: what is around its scalars is compared as bytes.
class json_skeleton {
public:
    /// Reads a scalar that is not as plain as most, into the entry. False if it is none.
    class scalar_reader {
    public:
        virtual bool read(std::string_view scalar, tape_entry& into) = 0;

    protected:
        ~scalar_reader() = default;
    };

    /// Takes the skeleton of a text, which must have been read into `entries` without an error. Of one that is not worth keeping
    /// nothing is, and nothing fits: a large one, one without scalars, or one of which a name has escapes.
    void learn(std::string_view text, std::span<const tape_entry> entries);

    /// Reads a text of this skeleton into first(). False if it has another one, or is no JSON. What nodes do not borrow from the
    /// text or from `others`, they borrow from here.
    bool read(std::string_view text, scalar_reader& others);

    const tape_entry* first() const noexcept { return entries_.data(); }

private:
    /// A scalar, and where what stands before it ends in text_; it begins where that of the scalar before ends.
    struct place {
        std::uint32_t entry = 0;
        std::uint32_t before_end = 0;
    };

    std::string text_;  ///< All of it without the scalars.
    std::vector<place> places_;
    std::vector<tape_entry> entries_;
};

}  // namespace understudy
