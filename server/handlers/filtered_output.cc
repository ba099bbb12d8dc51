#include "server/handlers/filtered_output.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/http/body_stream.h"
#include "api/stacks/output_event.h"
#include "re2/re2.h"
#include "stacks/output/output_broadcast.h"

namespace tallyman::server {
namespace {

// So many pieces in which no line matches are read in one turn.
constexpr int kMaxReads = 8;

// The line "id: ..." of an event; "" if there is none.
std::string_view IdLineOf(std::string_view event) {
  const size_t begin = event.find("\nid: ");
  if (begin == std::string_view::npos) return "";
  event.remove_prefix(begin + 1);
  return event.substr(0, event.find('\n'));
}

}  // namespace

void FilteredOutput::Start(std::function<void()> wake) {
  wake_ = wake;
  follower_->Start(std::move(wake));
}

api::BodyStream::State FilteredOutput::Read(size_t max_bytes,
                                            std::string& out) {
  const size_t before = out.size();
  for (int i = 0; i < kMaxReads; ++i) {
    events_.clear();
    const bool is_open = follower_->Read(max_bytes, events_);
    Filter(out);
    if (!is_open) return State::kEnd;
    if (out.size() > before || events_.empty()) return State::kOpen;
    follower_->PassOver();
  }
  // Other streams have their turn before the next lines.
  wake_();
  return State::kOpen;
}

void FilteredOutput::Filter(std::string& out) {
  std::string_view rest = events_;
  while (!rest.empty()) {
    // An empty line ends an event, and is nowhere inside.
    const size_t end = rest.find("\n\n");
    const std::string_view event =
        rest.substr(0, end == std::string_view::npos ? end : end + 2);
    rest.remove_prefix(event.size());
    const std::optional<std::string_view> line =
        api::LineOfOutputEvent(event, line_);
    if (line && !RE2::PartialMatch(*line, *grep_)) {
      passed_over_ = IdLineOf(event);
      continue;
    }
    if (absl::StartsWith(event, ":") && !passed_over_.empty()) {
      absl::StrAppend(&out, passed_over_, "\n");
    }
    passed_over_.clear();
    out += event;
  }
}

}  // namespace tallyman::server
