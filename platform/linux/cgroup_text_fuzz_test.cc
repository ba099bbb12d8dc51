#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/linux/cgroup_text.h"
#include "tools/fuzz/input.h"

namespace tallyman::platform {
namespace {

// As the kernel writes a path: mangle_path() with " \t\n\\#".
std::string Escape(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (absl::StrContains(" \t\n\\#", c)) {
      absl::StrAppend(&text, "\\", (c >> 6) & 7, (c >> 3) & 7, c & 7);
    } else {
      text.push_back(c);
    }
  }
  return text;
}

// A mount of any root and point, which are absolute paths, is read as the
// kernel writes it.
void TestEscapes(std::string_view root, std::string_view point) {
  if (!root.starts_with('/') || !point.starts_with('/')) return;
  const std::optional<CgroupMount> mount = FindCgroupMount(absl::StrCat(
      "24 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n31 23 0:27 ", Escape(root),
      " ", Escape(point), " rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"));
  CHECK(mount.has_value());
  CHECK_EQ(mount->root, root);
  CHECK_EQ(mount->point, point);
}

// The directory of a cgroup is under the mount.
void TestDirectory(const CgroupMount& mount, std::string_view path) {
  const std::optional<std::string> directory = CgroupDirectory(mount, path);
  if (!directory) return;
  std::string_view below = *directory;
  CHECK(absl::ConsumePrefix(&below, mount.point)) << *directory;
  CHECK(below.empty() || below.starts_with('/')) << *directory;
  CHECK(!absl::StrContains(below, "/..")) << *directory;
  CHECK(below.empty() || absl::EndsWith(path, below)) << *directory;
}

}  // namespace
}  // namespace tallyman::platform

// Three lines, a root, a mount point and the path of a cgroup; then the texts
// of both files, one after the other.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tallyman::platform::CgroupMount;
  tallyman::fuzz::Input input(data, size);
  const CgroupMount mount = {.root = std::string(input.TakeLine()),
                             .point = std::string(input.TakeLine())};
  tallyman::platform::TestEscapes(mount.root, mount.point);
  tallyman::platform::TestDirectory(mount, input.TakeLine());
  const auto found = tallyman::platform::FindCgroupMount(input.rest());
  const auto path = tallyman::platform::FindCgroupPath(input.rest());
  if (found && path) tallyman::platform::TestDirectory(*found, *path);
  const auto shown = tallyman::platform::FindProcessCgroup(input.rest());
  CHECK(shown.empty() || shown.starts_with('/'));
  CHECK(absl::StrContains(input.rest(), shown));
  return 0;
}
