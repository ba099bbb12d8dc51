#include "server/handlers/filtered_output.h"

#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/http/body_stream.h"
#include "api/redaction/redaction.h"
#include "gtest/gtest.h"
#include "re2/re2.h"
#include "server/handlers/output_renderer.h"
#include "stacks/output/output_broadcast.h"
#include "stacks/output/output_line.h"

namespace tallyman::server {
namespace {

using State = api::BodyStream::State;

class FilteredOutputTest : public testing::Test {
 protected:
  FilteredOutputTest()
      : renderer_(
            std::make_shared<const OutputRenderer>("web", "host", *redactor_)),
        ring_(std::make_shared<stacks::OutputBroadcast>(renderer_, 1 << 20)),
        output_(ring_->Subscribe(0, ring_->end()),
                std::make_shared<const RE2>("yes")) {
    output_.Start([this] { ++wakes_; });
  }

  // The event with the number `sequence`.
  std::string Event(int sequence, std::string_view line) {
    std::string bytes;
    renderer_->Line({.instance = 1,
                     .text = line,
                     .mark = {.ring = 1, .sequence = sequence}},
                    bytes);
    return bytes;
  }
  void Publish(int sequence, std::string_view line) {
    ring_->Publish({{.instance = 1, .bytes = Event(sequence, line)}});
  }
  std::string Read(State expected = State::kOpen) {
    std::string out;
    EXPECT_EQ(output_.Read(1000, out), expected);
    return out;
  }

  const std::unique_ptr<api::Redactor> redactor_ = api::Redactor::Disabled();
  const std::shared_ptr<const OutputRenderer> renderer_;
  const std::shared_ptr<stacks::OutputBroadcast> ring_;
  int wakes_ = 0;
  FilteredOutput output_;
};

TEST_F(FilteredOutputTest, OnlyLinesThatMatchPass) {
  Publish(1, "no");
  Publish(2, "yes");
  Publish(3, "no");
  EXPECT_EQ(Read(), Event(2, "yes"));
  EXPECT_EQ(Read(), "");
  Publish(4, "oh yes");
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Read(), Event(4, "oh yes"));
  ring_->Close(stacks::OutputBroadcast::Reason::kRemoved);
  std::string end;
  renderer_->End(end);
  EXPECT_EQ(Read(State::kEnd), end);
}

TEST_F(FilteredOutputTest, ATurnIsBounded) {
  for (int i = 1; i <= 100; ++i) Publish(i, std::string(1000, 'n'));
  Publish(101, "yes");
  int turns = 0;
  std::string out;
  while (out.empty()) {
    out = Read();
    // The stream wakes itself.
    EXPECT_EQ(wakes_, out.empty() ? ++turns : turns);
  }
  EXPECT_GT(turns, 5);
  EXPECT_EQ(out, Event(101, "yes"));
}

TEST_F(FilteredOutputTest, AStreamThatPassesOverLinesIsQuiet) {
  EXPECT_EQ(Read(), "");
  Publish(1, "no");
  EXPECT_EQ(Read(), "");
  ring_->KeepAlive();
  Publish(2, "no");
  EXPECT_EQ(Read(), "");
  ring_->KeepAlive();
  EXPECT_EQ(Read(),
            absl::StrCat("id: ", FormatEventId({.ring = 1, .sequence = 2}),
                         "\n: keep-alive\n\n"));
  ring_->KeepAlive();
  ring_->KeepAlive();
  EXPECT_EQ(Read(), ": keep-alive\n\n");
  // A line that is sent is a sign of life.
  Publish(3, "yes");
  EXPECT_EQ(Read(), Event(3, "yes"));
  ring_->KeepAlive();
  EXPECT_EQ(Read(), "");
}

}  // namespace
}  // namespace tallyman::server
