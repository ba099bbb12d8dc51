#include "platform/testing/proc_tree.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"

namespace tallyman::platform {

namespace {

int64_t PagesOf(int64_t bytes) { return bytes / sysconf(_SC_PAGESIZE); }

}  // namespace

ProcFiles OrdinaryProcess(int32_t pid, std::string_view name,
                          std::string_view arguments) {
  return {
      .status = absl::StrCat(
          "Name:\t", name, "\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t", pid,
          "\nNgid:\t0\nPid:\t", pid,
          "\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\n"
          "Gid:\t1000\t1000\t1000\t1000\nFDSize:\t64\nGroups:\t1000 \n"
          "VmPeak:\t   20480 kB\nVmSize:\t   16384 kB\nVmLck:\t       0 kB\n"
          "VmPin:\t       0 kB\nVmHWM:\t    9216 kB\nVmRSS:\t    8192 kB\n"
          "RssAnon:\t    4096 kB\nRssFile:\t    4096 kB\nThreads:\t2\n"
          "SigQ:\t0/96209\n"),
      .stat = absl::StrCat(pid, " (", name,
                           ") S 1 1 1 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 2 "
                           "0 500 16777216 ",
                           PagesOf(8 << 20), " 18446744073709551615\n"),
      .statm = absl::StrCat(PagesOf(16 << 20), " ", PagesOf(8 << 20),
                            " 100 50 0 200 0\n"),
      .io =
          "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\n"
          "write_bytes: 8192\ncancelled_write_bytes: 0\n",
      .cmdline = std::string(arguments),
      .cgroup = "0::/system.slice/ordinary.service\n",
  };
}

ProcTree::ProcTree() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment.
  const char* const test_dir = std::getenv("TEST_TMPDIR");
  std::string path = absl::StrCat(
      test_dir != nullptr ? test_dir
                          : std::filesystem::temp_directory_path().string(),
      "/proc.XXXXXX");
  CHECK(mkdtemp(path.data()) != nullptr) << path;
  root_ = path;
}

ProcTree::~ProcTree() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

void ProcTree::Write(const std::string& path, std::string_view text) const {
  const std::filesystem::path file = std::filesystem::path(root_) / path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  CHECK(out.good()) << file;
}

void ProcTree::Add(int32_t pid, const ProcFiles& files) const {
  std::filesystem::create_directories(absl::StrCat(root_, "/", pid));
  const auto write = [&](std::string_view name,
                         const std::optional<std::string>& text) {
    if (text) Write(absl::StrCat(pid, "/", name), *text);
  };
  write("status", files.status);
  write("stat", files.stat);
  write("statm", files.statm);
  write("io", files.io);
  write("cmdline", files.cmdline);
  write("cgroup", files.cgroup);
}

}  // namespace tallyman::platform
