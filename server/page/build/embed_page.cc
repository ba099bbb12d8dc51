// Makes a C++ source from the files of the page, at build time:
//
//   embed_page --out=FILE --index=.../index.html [--library=NAME=FILE]...
//   FILE...
//
// FILEs are those of the page, below the folder of the index. A library is a
// module that is imported as NAME. On errors, which name the file and its line,
// the exit code is 1.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/page/build/cc_source.h"
#include "server/page/build/page_builder.h"

namespace tallyman::page {
namespace {

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good()) {
    return absl::NotFoundError(absl::StrCat("cannot read ", path));
  }
  return text;
}

struct Arguments {
  std::string out;
  std::string folder;  // Of the page, with a slash at its end.
  std::vector<SourceFile> files;
};

absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::string_view word : words) {
    SourceFile file;
    if (absl::ConsumePrefix(&word, "--out=")) {
      arguments.out = word;
      continue;
    }
    if (absl::ConsumePrefix(&word, "--index=")) {
      if (!absl::ConsumeSuffix(&word, kDocument)) {
        return absl::InvalidArgumentError("the index is no index.html");
      }
      arguments.folder = word;
      continue;
    }
    if (absl::ConsumePrefix(&word, "--library=")) {
      const std::pair<std::string, std::string> library =
          absl::StrSplit(word, absl::MaxSplits('=', 1));
      file = {
          .name = library.first, .path = library.second, .is_library = true};
    } else {
      file = {.name = std::string(word), .path = std::string(word)};
    }
    absl::StatusOr<std::string> text = Read(file.path);
    if (!text.ok()) return text.status();
    file.text = *std::move(text);
    arguments.files.push_back(std::move(file));
  }
  for (SourceFile& file : arguments.files) {
    if (file.is_library) continue;
    std::string_view name = file.name;
    if (!absl::ConsumePrefix(&name, arguments.folder)) {
      return absl::InvalidArgumentError(
          absl::StrCat(file.path, " is not below ", arguments.folder));
    }
    file.name = std::string(name);
  }
  return arguments;
}

absl::Status Run(const std::vector<std::string>& words) {
  absl::StatusOr<Arguments> arguments = Parse(words);
  if (!arguments.ok()) return arguments.status();
  absl::StatusOr<BuiltPage> page = BuildPage(std::move(arguments->files));
  if (!page.ok()) return page.status();
  std::ofstream out(arguments->out, std::ios::binary);
  out << WriteCcSource(page->assets);
  out.close();
  if (!out.good()) {
    return absl::UnknownError(absl::StrCat("cannot write ", arguments->out));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace tallyman::page

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const absl::Status status = tallyman::page::Run(words);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << status.message() << "\n";
  return EXIT_FAILURE;
}
