// Makes what the server serves from the files of the page: one script of all
// modules, one sheet, and names by content.
//
//   absl::StatusOr<BuiltPage> page = BuildPage(files);

#ifndef TALLYMAN_SERVER_PAGE_BUILD_PAGE_BUILDER_H_
#define TALLYMAN_SERVER_PAGE_BUILD_PAGE_BUILDER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::page {

// The document; all other files are needed by it, or not at all.
inline constexpr std::string_view kDocument = "index.html";

// Assets are below this path.
inline constexpr std::string_view kAssetsPath = "/assets/";

struct SourceFile {
  // Of a file of the page: relative to its folder, "ui/menu.js". Of a library:
  // the name by which it is imported, "preact/hooks".
  std::string name;
  // Where it is, for errors.
  std::string path;
  std::string text;
  bool is_library = false;
};

// What a file has become: bytes of an asset.
struct BuiltPart {
  std::string source;  // SourceFile::name
  size_t size;
};

struct BuiltAsset {
  std::string path;  // "/", or "/assets/main-3fq2k7xw5a.js"
  std::string media_type;
  std::string body;
  std::string hash;              // Of the body: 128 bits in hexadecimal digits.
  std::vector<BuiltPart> parts;  // Their sizes add up to that of the body.
};

struct BuiltPage {
  // The document first.
  std::vector<BuiltAsset> assets;
  // The names of files that nothing needs, sorted.
  std::vector<std::string> unused;
};

// The document names one script, whose imports bring the other modules: each is
// evaluated once, after those that it imports, as by a browser. Its sheets
// become one, in their order, at the place of the first. Sheets and document
// may name pictures. The name of an asset has 50 bits of the hash of its body.
//
// InvalidArgument says "server/page/app.js:12: ..." for a reference to a file
// that does not exist, to another host, or by a path without ./ or ../; for
// imports in a circle; for a file that is not of the type that is needed (.js,
// .mjs, .css, .svg); and for what js_bundle.h, css.h and html.h refuse. A
// library may import libraries.
absl::StatusOr<BuiltPage> BuildPage(std::vector<SourceFile> files);

}  // namespace tallyman::page

#endif  // TALLYMAN_SERVER_PAGE_BUILD_PAGE_BUILDER_H_
