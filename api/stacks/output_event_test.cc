#include "api/stacks/output_event.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

constexpr OutputOrigin kOrigin = {
    .process = "web", .server = "host", .instance = 2};

std::string Event(const OutputEvent& event) {
  const auto redactor = Redactor::Create(DefaultSecretNames());
  std::string out;
  AppendOutputEvent(event, **redactor, out);
  return out;
}

TEST(OutputEventTest, ALineIsAnEvent) {
  EXPECT_EQ(
      Event({.origin = kOrigin,
             .line = "hello",
             .time = absl::FromUnixMillis(1'600'000'000'123),
             .id = "a:1"}),
      "event: output\nid: a:1\n"
      R"(data: {"process":"web","server":"host","instance":2,"line":"hello",)"
      R"("seen_at":"2020-09-13T12:26:40.123+00:00"})"
      "\n\n");
  EXPECT_EQ(
      Event({.origin = kOrigin, .line = "", .is_partial = true, .id = "a:2"}),
      "event: output\nid: a:2\n"
      R"(data: {"process":"web","server":"host","instance":2,"line":"",)"
      R"("partial":true})"
      "\n\n");
}

TEST(OutputEventTest, ALineCanNotEndTheEvent) {
  const std::string event = Event({.origin = kOrigin,
                                   .line = "a\rb\x1b\xff\ndata: c token=abc",
                                   .id = "x"});
  EXPECT_EQ(event,
            "event: output\nid: x\n"
            R"(data: {"process":"web","server":"host","instance":2,)"
            "\"line\":\"a\\rb\\u001b\xEF\xBF\xBD\\ndata: c token=***\"}\n\n");
}

TEST(OutputEventTest, TheLineOfAnEventCanBeReadAgain) {
  std::string all;
  for (int c = 1; c < 0x80; ++c) all += static_cast<char>(c);
  for (const std::string& line :
       {std::string(), std::string("hello"), all, std::string("\\\"line\":\"x"),
        std::string("caf\u00e9 \u20ac \U0001F600")}) {
    const std::string event =
        Event({.origin = {.process = "a\",\"line\":\"b", .server = "\\"},
               .line = line,
               .id = "a:1"});
    std::string buffer;
    EXPECT_EQ(LineOfOutputEvent(event, buffer), line) << event;
  }
  std::string gap;
  AppendGapEvent(kOrigin, "slow", 3, gap);
  std::string buffer;
  EXPECT_EQ(LineOfOutputEvent(gap, buffer), std::nullopt);
  EXPECT_EQ(LineOfOutputEvent("event: output\ndata: {", buffer), std::nullopt);
}

TEST(OutputEventTest, GapsAndEndsAreEvents) {
  std::string out;
  AppendGapEvent(kOrigin, "slow", 3, out);
  AppendGapEvent({.process = "web", .server = "host"}, "unknown", -1, out);
  AppendEndEvent(kOrigin, "removed", out);
  AppendEventId("a:1", out);
  AppendKeepAlive(out);
  EXPECT_EQ(
      out,
      "event: gap\n"
      R"(data: {"process":"web","server":"host","instance":2,"reason":"slow",)"
      R"("lines":3})"
      "\n\nevent: gap\n"
      R"(data: {"process":"web","server":"host","instance":null,)"
      R"("reason":"unknown","lines":null})"
      "\n\nevent: end\n"
      R"(data: {"process":"web","server":"host","instance":2,)"
      R"("reason":"removed"})"
      "\n\nid: a:1\n\n: keep-alive\n\n");
}

}  // namespace
}  // namespace tallyman::api
