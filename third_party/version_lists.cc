#include "third_party/version_lists.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "re2/re2.h"

namespace tallyman::third_party {
namespace {

// A call of Starlark: the arguments with and without names.
struct Call {
  std::map<std::string, std::string> named;
  std::vector<std::string> positional;

  std::string Get(const std::string& name) const {
    const auto it = named.find(name);
    return it == named.end() ? "" : it->second;
  }
};

std::vector<Call> Calls(std::string text, const std::string& function) {
  static const RE2 kComment("(?m)#.*$");
  static const RE2 kArgument(R"re((?:(\w+) = )?(?:"([^"]*)"|(\w+)))re");
  RE2::GlobalReplace(&text, kComment, "");
  const RE2 pattern(absl::StrCat("(?m)^", function, R"(\(([^)]*)\))"));
  std::vector<Call> calls;
  absl::string_view rest = text;
  std::string arguments;
  while (RE2::FindAndConsume(&rest, pattern, &arguments)) {
    Call& call = calls.emplace_back();
    absl::string_view inside = arguments;
    std::string name, quoted, word;
    while (RE2::FindAndConsume(&inside, kArgument, &name, &quoted, &word)) {
      std::string value = quoted.empty() ? word : quoted;
      if (name.empty()) {
        call.positional.push_back(std::move(value));
      } else {
        call.named[name] = std::move(value);
      }
    }
  }
  return calls;
}

struct Module {
  std::string repository;
  std::string version;
};

class Comparison {
 public:
  explicit Comparison(const VersionLists& lists) : lists_(lists) {
    for (absl::string_view line :
         absl::StrSplit(lists.table, '\n', absl::SkipEmpty())) {
      ReadLine(absl::StrSplit(line, ' '));
    }
  }

  std::vector<std::string> Run() {
    if (modules_.empty()) Add("the table has no module");
    CompareModules();
    CompareOverrides();
    CompareSets("use_repo(libraries) of MODULE.bazel", LibrariesInUse(),
                "the extension", extension_);
    CompareSets("LIBRARIES of deps.bzl", workspace_, "the table",
                expected_in_workspace_);
    CompareSets("register_toolchains() of MODULE.bazel",
                Toolchains(lists_.module_bazel), "WORKSPACE",
                Toolchains(lists_.workspace));
    CompareOwnName();
    CompareBenchmark();
    return std::move(differences_);
  }

 private:
  void ReadLine(const std::vector<std::string>& words) {
    const std::string& kind = words[0];
    if ((kind == "module" || kind == "module_only") && words.size() == 4) {
      modules_[words[2]] = {.repository = words[1], .version = words[3]};
      if (kind == "module") expected_in_workspace_.insert(words[1]);
    } else if (kind == "extension" && words.size() == 2) {
      extension_.insert(words[1]);
      expected_in_workspace_.insert(words[1]);
    } else if (kind == "indirect" && words.size() == 2) {
      expected_in_workspace_.insert(words[1]);
    } else if (kind == "workspace" && words.size() == 2) {
      workspace_.insert(words[1]);
    } else {
      Add("unknown line of the table: ", kind);
    }
  }

  template <typename... Parts>
  void Add(const Parts&... parts) {
    differences_.push_back(absl::StrCat(parts...));
  }

  // `what` of module `name` in MODULE.bazel is `actual`; the table has
  // `wanted`.
  void CompareField(absl::string_view what, const std::string& name,
                    const std::string& actual, const std::string& wanted) {
    if (actual == wanted) return;
    Add("module ", name, ": ", what, " \"", actual,
        "\" in MODULE.bazel, and \"", wanted, "\" in archives.bzl");
  }

  void CompareModules() {
    std::set<std::string> seen;
    for (const Call& call : Calls(lists_.module_bazel, "bazel_dep")) {
      const std::string name = call.Get("name");
      const auto it = modules_.find(name);
      if (it == modules_.end()) {
        Add("module ", name, ": in MODULE.bazel, and not in archives.bzl");
        continue;
      }
      seen.insert(name);
      CompareField("version", name, call.Get("version"), it->second.version);
      const std::string repository = call.Get("repo_name");
      CompareField("repository", name, repository.empty() ? name : repository,
                   it->second.repository);
    }
    for (const auto& [name, module] : modules_) {
      if (seen.count(name) == 0) {
        Add("module ", name, ": in archives.bzl, and not in MODULE.bazel");
      }
    }
  }

  void CompareOverrides() {
    for (const Call& call :
         Calls(lists_.module_bazel, "single_version_override")) {
      const std::string name = call.Get("module_name");
      const auto it = modules_.find(name);
      CompareField("overriding version", name, call.Get("version"),
                   it == modules_.end() ? "" : it->second.version);
    }
  }

  std::set<std::string> LibrariesInUse() const {
    std::set<std::string> names;
    for (const Call& call : Calls(lists_.module_bazel, "use_repo")) {
      if (call.positional.empty()) continue;
      if (call.positional[0] != "libraries") continue;
      names.insert(call.positional.begin() + 1, call.positional.end());
    }
    return names;
  }

  static std::set<std::string> Toolchains(const std::string& text) {
    std::set<std::string> names;
    for (const Call& call : Calls(text, "register_toolchains")) {
      names.insert(call.positional.begin(), call.positional.end());
    }
    return names;
  }

  void CompareSets(absl::string_view first_name,
                   const std::set<std::string>& first,
                   absl::string_view second_name,
                   const std::set<std::string>& second) {
    for (const std::string& name : first) {
      if (second.count(name) == 0) {
        Add(name, ": in ", first_name, ", and not in ", second_name);
      }
    }
    for (const std::string& name : second) {
      if (first.count(name) == 0) {
        Add(name, ": in ", second_name, ", and not in ", first_name);
      }
    }
  }

  void CompareOwnName() {
    const std::vector<Call> module = Calls(lists_.module_bazel, "module");
    const std::vector<Call> workspace = Calls(lists_.workspace, "workspace");
    if (module.size() != 1 || workspace.size() != 1) {
      Add("MODULE.bazel has no module(), or WORKSPACE no workspace()");
      return;
    }
    if (module[0].Get("name") != workspace[0].Get("name")) {
      Add("MODULE.bazel is of ", module[0].Get("name"), ", and WORKSPACE of ",
          workspace[0].Get("name"));
    }
    if (module[0].Get("version") != lists_.server_version) {
      Add("MODULE.bazel has version ", module[0].Get("version"),
          ", and platform/base/version.bzl ", lists_.server_version);
    }
  }

  void CompareBenchmark() {
    static const RE2 kVersion(R"re(BENCHMARK_VERSION='\\"([^\\]*)\\"')re");
    std::string version;
    RE2::PartialMatch(lists_.benchmark_build, kVersion, &version);
    const auto it = modules_.find("google_benchmark");
    const std::string wanted = it == modules_.end() ? "" : it->second.version;
    if (version != wanted) {
      Add("benchmark.BUILD has version \"", version, "\", and archives.bzl \"",
          wanted, "\"");
    }
  }

  const VersionLists& lists_;
  // By name of the module.
  std::map<std::string, Module> modules_;
  std::set<std::string> extension_;
  std::set<std::string> expected_in_workspace_;
  std::set<std::string> workspace_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> Differences(const VersionLists& lists) {
  return Comparison(lists).Run();
}

}  // namespace tallyman::third_party
