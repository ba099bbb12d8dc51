#include "tally/client/event_parser.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tallyman::tally {
namespace {

constexpr size_t kMaxEventBytes = size_t{64} << 20;

}  // namespace

bool EventParser::TakeLine() {
  if (line_.empty()) {
    const bool complete = has_data_;
    last_id_ = event_.id;
    if (!complete) event_.type.clear();
    return complete;
  }
  const std::string_view line = line_;
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) event_.data.push_back('\n');
    absl::StrAppend(&event_.data, value);
    has_data_ = event_.data.size() <= kMaxEventBytes;
    if (!has_data_) event_.data.clear();
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    event_.id = value;
  }
  return false;
}

bool EventParser::Read(
    std::string_view piece,
    const std::function<bool(const StreamEvent&)>& on_event) {
  for (const char c : piece) {
    const bool is_second_end = after_cr_ && c == '\n';
    after_cr_ = c == '\r';
    if (is_second_end) continue;
    if (c != '\n' && c != '\r') {
      if (line_.size() < kMaxEventBytes) line_.push_back(c);
      continue;
    }
    const bool complete = TakeLine();
    line_.clear();
    if (!complete) continue;
    if (event_.type.empty()) event_.type = "message";
    const bool goes_on = on_event(event_);
    event_.type.clear();
    event_.data.clear();
    has_data_ = false;
    if (!goes_on) return false;
  }
  return true;
}

}  // namespace tallyman::tally
