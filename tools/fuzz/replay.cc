// The main() of fuzz tests: runs a fuzz target without libFuzzer, for each file
// on the command line and for mutations of them, which are the same in each
// run. A run that aborts saves its input.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/fuzz/mutator.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace tallyman::fuzz {
namespace {

constexpr int kMutations = 500;
constexpr uint64_t kSeed = 1;

// The input of the current run, for the signal handler.
struct {
  std::string source;      // "testdata/fuzz/procfile/demo"
  std::string crash_path;  // Where to save the bytes.
  const uint8_t* data;
  size_t size;
} current;

void Print(std::string_view text) {
  (void)!write(STDERR_FILENO, text.data(), text.size());
}

// Calls only what signal-safety(7) allows.
void SaveInput(int signal) {
  const int fd = open(current.crash_path.c_str(),
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool saved = fd >= 0 && write(fd, current.data, current.size) ==
                                    static_cast<ssize_t>(current.size);
  Print("\nthe input that failed is ");
  Print(current.source);
  if (saved) {
    Print("; it is saved as ");
    Print(current.crash_path);
  }
  Print("\n");
  (void)std::signal(signal, SIG_DFL);
  (void)std::raise(signal);
}

void HandleCrashes() {
  for (const int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV}) {
    const auto before = std::signal(signal, SaveInput);
    // A sanitizer reports the crash and aborts.
    if (before != SIG_DFL) (void)std::signal(signal, before);
  }
}

void Run(std::string_view bytes, std::string source) {
  // As large as the input, so that a sanitizer sees each byte past its end.
  const auto copy = std::make_unique<uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  current.source = std::move(source);
  current.data = copy.get();
  current.size = bytes.size();
  (void)LLVMFuzzerTestOneInput(copy.get(), bytes.size());
}

std::string OutputDirectory() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs.
  const char* const directory = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  return directory == nullptr ? "." : directory;
}

int Main(const std::vector<std::string>& paths) {
  if (paths.empty()) {
    std::fputs("the corpus is empty; usage: FILE...\n", stderr);
    return 1;
  }
  current.crash_path = OutputDirectory() + "/crash";
  HandleCrashes();
  std::vector<std::string> corpus;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string& bytes = corpus.emplace_back(
        std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad()) {
      std::fprintf(stderr, "%s can't be read\n", path.c_str());
      return 1;
    }
    Run(bytes, path);
  }
  Run("", "no byte at all");
  Mutator mutator(std::move(corpus), kSeed);
  for (int i = 1; i <= kMutations; ++i) {
    Run(mutator.Next(), "mutation " + std::to_string(i));
  }
  std::printf("%zu files and %d mutations\n", paths.size(), kMutations);
  return 0;
}

}  // namespace
}  // namespace tallyman::fuzz

int main(int argc, char** argv) {
  return tallyman::fuzz::Main({argv + 1, argv + argc});
}
