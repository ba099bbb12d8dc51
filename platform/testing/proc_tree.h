// A tree of files as proc(5) lays them out, written by a test.

#ifndef TALLYMAN_PLATFORM_TESTING_PROC_TREE_H_
#define TALLYMAN_PLATFORM_TESTING_PROC_TREE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::platform {

// The files of one process; nullopt leaves a file out.
struct ProcFiles {
  std::optional<std::string> status;
  std::optional<std::string> stat;
  std::optional<std::string> statm;
  std::optional<std::string> io;
  std::optional<std::string> cmdline;
};

// The files of an unremarkable process `name`: sleeping, with 2 threads, of
// user 1000, 8 MiB resident and 9 MiB at the most, 4096 bytes read and 8192
// written, started 500 ticks after boot. `name` is written as the kernel
// escapes it.
ProcFiles OrdinaryProcess(int32_t pid, std::string_view name,
                          std::string_view arguments);

// A directory of its own, removed with the object.
class ProcTree {
 public:
  ProcTree();
  ~ProcTree();
  ProcTree(const ProcTree&) = delete;
  ProcTree& operator=(const ProcTree&) = delete;

  const std::string& root() const { return root_; }

  // Writes `text` to the file `path` below the root, making its directories.
  void Write(const std::string& path, std::string_view text) const;

  void Add(int32_t pid, const ProcFiles& files) const;

 private:
  std::string root_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_PROC_TREE_H_
