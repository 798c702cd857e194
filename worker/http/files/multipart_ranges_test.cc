#include "muster/worker/http/files/multipart_ranges.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

// Of a file of ten bytes: "01" and "89".
const ByteRanges kRanges = {{0, 2}, {8, 2}};

std::string BoundaryOf(const MultipartRanges& body) {
  return std::string(absl::StripPrefix(body.content_type(), "multipart/byteranges; boundary="));
}

// The body, if the file is "0123456789".
std::string Assembled(const MultipartRanges& body) {
  std::string text;
  for (const FileTransfer::Part& part : body.parts()) {
    absl::StrAppend(&text, part.before,
                    std::string("0123456789").substr(part.range.first, part.range.bytes));
  }
  return text;
}

TEST(MultipartRanges, HaveAPartForEachRangeAndAnEnd) {
  const MultipartRanges body(kRanges, 10, "text/plain");
  const std::string boundary = BoundaryOf(body);
  EXPECT_EQ(Assembled(body),
            absl::StrCat("--", boundary,
                         "\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01",
                         "\r\n--", boundary,
                         "\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89",
                         "\r\n--", boundary, "--\r\n"));
}

TEST(MultipartRanges, KnowTheirLength) {
  const MultipartRanges body(kRanges, 10, "text/plain");
  EXPECT_EQ(body.bytes(), Assembled(body).size());
}

TEST(MultipartRanges, HaveABoundaryThatNobodyKnowsBefore) {
  const std::string first = BoundaryOf(MultipartRanges(kRanges, 10, "text/plain"));
  const std::string second = BoundaryOf(MultipartRanges(kRanges, 10, "text/plain"));
  EXPECT_EQ(first.size(), 32u);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace muster::worker::http
