#include "integration/data/generation_reader.hpp"

#include "integration/data/mirror.hpp"

#include <exception>

namespace understudy::testing {

generation_reader::generation_reader(std::filesystem::path snapshot_directory, check of_each)
    : directory_{std::move(snapshot_directory)}, check_{std::move(of_each)}, thread_{[this] { run(); }}
{
}

reader_report generation_reader::stop()
{
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return {.generations = generations_, .failures = failures_};
}

void generation_reader::run()
{
    do {
        look();
        std::this_thread::sleep_for(std::chrono::milliseconds{2});  // how often this application looks
    } while (!stopping_);
    look();
}

void generation_reader::look()
{
    auto now = current_generation(directory_);
    if (!now) {
        if (!seen_.empty()) note("current is gone");
        return;
    }
    if (*now == seen_) return;
    // The names are numbers of one length, so they compare as the numbers do.
    if (!seen_.empty() && now->filename() < seen_.filename()) note("it went back from " + seen_.string());
    seen_ = *now;
    ++generations_;
    try {
        auto wrong = check_(read_document(seen_ / "snapshot.json"));
        if (!wrong.empty()) note(wrong);
    } catch (const std::exception& thrown) {
        note(thrown.what());
    }
}

void generation_reader::note(const std::string& what)
{
    constexpr std::size_t shown = 4000;
    if (failures_.size() < shown) failures_ += seen_.filename().string() + ": " + what + "\n";
}

}  // namespace understudy::testing
