#include "serve/process_figures.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr auto not_known = std::numeric_limits<double>::quiet_NaN();

/// The fields of /proc/self/stat from the third on: the second, the name, may hold spaces. proc(5)
struct stat_fields {
    double user_ticks = not_known;
    double system_ticks = not_known;
    double start_ticks = not_known;
    double virtual_bytes = not_known;
    double resident_pages = not_known;
};

stat_fields read_stat()
{
    stat_fields made;
    std::ifstream file{"/proc/self/stat"};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::istringstream fields{text.substr(std::min(text.rfind(')') + 1, text.size()))};
    std::string field;
    for (int number = 3; fields >> field; ++number) {
        if (number == 14) made.user_ticks = std::stod(field);
        if (number == 15) made.system_ticks = std::stod(field);
        if (number == 22) made.start_ticks = std::stod(field);
        if (number == 23) made.virtual_bytes = std::stod(field);
        if (number == 24) made.resident_pages = std::stod(field);
    }
    return made;
}

double boot_time()
{
    std::ifstream file{"/proc/stat"};
    for (std::string word; file >> word;) {
        double seconds = 0;
        if (word == "btime" && file >> seconds) return seconds;
    }
    return not_known;
}

double count_descriptors()
{
    std::error_code failed;
    std::filesystem::directory_iterator open{"/proc/self/fd", failed};
    return failed ? not_known : static_cast<double>(std::distance(begin(open), end(open)));
}

}  // namespace

process_figures read_process_figures()
{
    auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    auto stat = read_stat();
    rlimit descriptors{};
    bool known = ::getrlimit(RLIMIT_NOFILE, &descriptors) == 0;
    return {.cpu_seconds = (stat.user_ticks + stat.system_ticks) / ticks,
            .resident_bytes = stat.resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)),
            .virtual_bytes = stat.virtual_bytes,
            .open_descriptors = count_descriptors(),
            .descriptors_max = known ? static_cast<double>(descriptors.rlim_cur) : not_known,
            .started_at = boot_time() + stat.start_ticks / ticks};
}

}  // namespace understudy
