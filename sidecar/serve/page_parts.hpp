#pragma once

#include "serve/html.hpp"
#include "serve/status_page.hpp"

#include <string>
#include <string_view>

// The parts of the status page, in its order. Pure; each gives whole elements.
namespace understudy {

enum class page_tone { good, waits, attention, bad };

/// What a glance should tell. Plain text, not escaped.
struct page_sentence {
    page_tone tone = page_tone::good;
    std::string state;     ///< In two or three words.
    std::string headline;  ///< Whole sentences.
    std::string detail;    ///< Why, and what to do about it; may be empty.
};
page_sentence sentence_for(const page_facts& facts);

html day_section(const page_facts& facts);
html source_section(const page_facts& facts);
html cadence_section(const page_facts& facts);
html tables_section(const page_facts& facts);
html generations_section(const page_facts& facts);
html readers_section(const page_facts& facts);
html settings_section(const page_facts& facts);

std::string_view page_style() noexcept;

/// What a day's slot, or an attempt, is called: a mark that is not told by its colour alone, and the word.
html marked(std::string_view kind, std::string_view word);

// Bounds of what is shown; what is beyond is counted.
inline constexpr std::size_t page_tables_max = 200;
inline constexpr std::size_t page_generations_max = 20;
inline constexpr std::size_t page_documents_max = 4;
inline constexpr std::size_t page_reads_max = 50;
inline constexpr std::size_t page_runs_max = 24;
inline constexpr std::size_t page_text_bytes_max = 400;
inline constexpr std::size_t page_name_bytes_max = 128;

}  // namespace understudy
