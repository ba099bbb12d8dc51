#include "tally/processes/process_record.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace tallyman::tally {
namespace {

const nlohmann::ordered_json* Find(const ProcessRecord& record,
                                   std::string_view key) {
  const auto found = record.p.find(key);
  return found == record.p.end() ? nullptr : &*found;
}

}  // namespace

std::string_view TextOf(const ProcessRecord& record, std::string_view key) {
  const nlohmann::ordered_json* const value = Find(record, key);
  if (value == nullptr || !value->is_string()) return "";
  return value->get_ref<const std::string&>();
}

double NumberOf(const ProcessRecord& record, std::string_view key) {
  const nlohmann::ordered_json* const value = Find(record, key);
  if (value == nullptr || !value->is_number()) return kUnknownShare;
  const auto number = value->get<double>();
  return number < 0 && key != "nice" ? kUnknownShare : number;
}

int64_t IntegerOf(const ProcessRecord& record, std::string_view key) {
  const nlohmann::ordered_json* const value = Find(record, key);
  return value != nullptr && value->is_number_integer() ? value->get<int64_t>()
                                                        : -1;
}

absl::Time ParseServerTime(std::string_view text) {
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, text, &time, &error)
             ? time
             : absl::InfinitePast();
}

absl::Time StartOf(const ProcessRecord& record) {
  return ParseServerTime(TextOf(record, "start_time"));
}

double AverageShare(const ProcessRecord& record, absl::Time now) {
  const double seconds = NumberOf(record, "cpu_seconds");
  const absl::Time start = StartOf(record);
  if (std::isnan(seconds) || start == absl::InfinitePast() ||
      now == absl::InfinitePast()) {
    return kUnknownShare;
  }
  return seconds / std::max(1.0, absl::ToDoubleSeconds(now - start));
}

}  // namespace tallyman::tally
