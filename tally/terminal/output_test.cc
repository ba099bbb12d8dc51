#include "tally/terminal/output.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>

#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"

namespace tallyman::tally {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends = {-1, -1};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    reading = base::UniqueFd(ends[0]);
    writing = base::UniqueFd(ends[1]);
  }

  // All that was written; closes the writer's end.
  std::string Read() {
    writing.reset();
    std::string text;
    std::array<char, 256> buffer;
    for (ssize_t size;
         (size = read(reading.get(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<size_t>(size));
    }
    return text;
  }

  base::UniqueFd reading;
  base::UniqueFd writing;
};

TEST(OutputTest, APipeHasNoColoursAndNoProgress) {
  Pipe out_pipe;
  Pipe error_pipe;
  Output out(
      {.out_fd = out_pipe.writing.get(), .error_fd = error_pipe.writing.get()});
  EXPECT_FALSE(out.is_terminal());
  EXPECT_EQ(out.In(Style::kRed, "x"), "x");
  out.Progress("waiting");
  EXPECT_TRUE(out.Print("a\n"));
  out.Warn("wrong");
  out.Note("so");
  EXPECT_EQ(out_pipe.Read(), "a\n");
  EXPECT_EQ(error_pipe.Read(), "tally: wrong\nso\n");
}

TEST(OutputTest, QuietPrintsNoNotes) {
  Pipe error_pipe;
  Output out(
      {.quiet = true, .out_fd = -1, .error_fd = error_pipe.writing.get()});
  out.Note("so");
  EXPECT_EQ(error_pipe.Read(), "");
}

TEST(OutputTest, AClosedPipeEndsTheOutput) {
  signal(SIGPIPE, SIG_IGN);
  Pipe out_pipe;
  Output out({.out_fd = out_pipe.writing.get()});
  out_pipe.reading.reset();
  EXPECT_FALSE(out.Print("a\n"));
  EXPECT_TRUE(out.reader_is_gone());
  EXPECT_FALSE(out.Print("b\n"));
}

}  // namespace
}  // namespace tallyman::tally
