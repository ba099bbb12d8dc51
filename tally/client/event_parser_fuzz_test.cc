#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "tally/client/event_parser.h"

namespace tallyman::tally {
namespace {

std::vector<std::string> EventsOf(std::string_view text, size_t size) {
  std::vector<std::string> events;
  EventParser parser;
  for (size_t at = 0; at < text.size(); at += size) {
    CHECK(parser.Read(text.substr(at, size), [&](const StreamEvent& event) {
      CHECK(!event.type.empty());
      CHECK_EQ(event.id.find('\0'), std::string::npos);
      CHECK_EQ(event.type.find_first_of("\r\n"), std::string::npos);
      events.push_back(
          absl::StrCat(event.type, "\n", event.id, "\n", event.data));
      return true;
    }));
  }
  return events;
}

}  // namespace
}  // namespace tallyman::tally

// The events do not depend on how the stream is cut.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> whole =
      tallyman::tally::EventsOf(text, std::max<size_t>(size, 1));
  CHECK(whole == tallyman::tally::EventsOf(text, 1));
  CHECK(whole == tallyman::tally::EventsOf(text, 3));
  return 0;
}
