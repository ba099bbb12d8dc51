#include "tally/client/event_parser.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tallyman::tally {

bool EventParser::TakeLine() {
  if (line_.empty()) {
    const bool complete = has_data_ && !is_too_large_;
    last_id_ = event_.id;
    if (!complete) Reset();
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
    has_data_ = true;
    is_too_large_ =
        is_too_large_ || event_.data.size() + value.size() > max_event_bytes_;
    // Frees the memory now: more of the event may come.
    if (is_too_large_) {
      event_.data = std::string();
    } else {
      absl::StrAppend(&event_.data, value);
    }
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    event_.id = value;
  }
  return false;
}

void EventParser::Reset() {
  event_.type.clear();
  event_.data.clear();
  has_data_ = false;
  is_too_large_ = false;
}

bool EventParser::Read(
    std::string_view piece,
    const std::function<bool(const StreamEvent&)>& on_event) {
  for (const char c : piece) {
    const bool is_second_end = after_cr_ && c == '\n';
    after_cr_ = c == '\r';
    if (is_second_end) continue;
    if (c != '\n' && c != '\r') {
      if (line_.size() < max_event_bytes_) {
        line_.push_back(c);
      } else {
        is_too_large_ = true;
      }
      continue;
    }
    const bool complete = TakeLine();
    line_.clear();
    if (!complete) continue;
    if (event_.type.empty()) event_.type = "message";
    const bool goes_on = on_event(event_);
    Reset();
    if (!goes_on) return false;
  }
  return true;
}

}  // namespace tallyman::tally
