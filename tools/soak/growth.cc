#include "tools/soak/growth.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/bench/proc_usage.h"

namespace tallyman::soak {
namespace {

void Compare(std::string_view what, int64_t now, int64_t before, int64_t bound,
             std::string& problems) {
  if (now <= before + bound) return;
  absl::StrAppend(&problems, problems.empty() ? "" : "; ", what, " grew from ",
                  before, " in the warm-up to ", now, ", by more than ", bound);
}

}  // namespace

void GrowthWatch::AddWarmUp(const bench::ProcSize& size) {
  largest_.resident_bytes =
      std::max(largest_.resident_bytes, size.resident_bytes);
  largest_.threads = std::max(largest_.threads, size.threads);
  largest_.descriptors = std::max(largest_.descriptors, size.descriptors);
}

std::string GrowthWatch::Check(const bench::ProcSize& size) const {
  std::string problems;
  Compare("resident bytes", size.resident_bytes, largest_.resident_bytes,
          bounds_.resident_bytes, problems);
  Compare("threads", size.threads, largest_.threads, bounds_.threads, problems);
  Compare("descriptors", size.descriptors, largest_.descriptors,
          bounds_.descriptors, problems);
  return problems;
}

std::string Describe(const bench::ProcSize& size) {
  constexpr double kMegabyte = 1e6;
  return absl::StrFormat("%.1f MB, %d threads, %d descriptors",
                         static_cast<double>(size.resident_bytes) / kMegabyte,
                         size.threads, size.descriptors);
}

}  // namespace tallyman::soak
