// Files of Harbor: sent in both forms, read in pieces, by links.
#include "base/digest.hpp"
#include "sandbox/harbor.hpp"
#include "sandbox/test_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::sandbox {
namespace {

using testing::StartsWith;

TEST(Harbor, FilesComeInBothForms) {
  TestService service;
  const std::string bytes("\0\r\n--x\xff binary", 14);
  const Answer plain = service.post(
      "/v1/files",
      {{"name", "Übung “1”.bin"}, {"ticket_id", "tkt_1005"}, {"content_base64", to_base64(bytes)}});
  const std::string body =
      "--B1\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
      "{\"name\": \"Übung “1”.bin\", \"ticket_id\": \"tkt_1005\"}\r\n"
      "--B1\r\nContent-Type: image/x-test\r\n\r\n" +
      bytes + "\r\n--B1--\r\n";
  const Answer related = service.send("POST", "/v1/files", body,
                                      {{"Content-Type", "multipart/related; boundary=\"B1\""}});
  for (const Answer& made : {plain, related}) {
    ASSERT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made["size"].as_int64(), 14);
    EXPECT_EQ(made.str("sha256"), to_hex(bytes_of(sha256(bytes))));
    const Answer content = service.get("/v1/files/" + made.str("id") + "/content");
    EXPECT_EQ(content.text, bytes);
    EXPECT_EQ(content.header("Content-Type"), made.str("content_type"));
    EXPECT_EQ(content.header("Content-Disposition"),
              "attachment; filename=\"_bung _1_.bin\"; "
              "filename*=UTF-8''%C3%9Cbung%20%E2%80%9C1%E2%80%9D.bin");
  }
  EXPECT_EQ(plain.str("content_type"), "application/octet-stream");
  EXPECT_EQ(related.str("content_type"), "image/x-test");
  const Answer ticket = service.get("/v1/tickets/tkt_1005");
  EXPECT_EQ(ticket["attachments"].as_array().size(), 2u);
}

TEST(Harbor, RefusesWhatIsNoMultipart) {
  const std::string head = "--B\r\nContent-Type: application/json\r\n\r\n{\"name\":\"a\"}\r\n";
  const std::pair<std::string_view, std::string> cases[] = {
      {"multipart/related", head},
      {"multipart/related; boundary=", head},
      {"multipart/related; boundary=B", ""},
      {"multipart/related; boundary=B", "nothing"},
      {"multipart/related; boundary=B", head},
      {"multipart/related; boundary=B", head + "--B--"},
      {"multipart/related; boundary=B", head + "--B\r\n\r\nx"},
      {"multipart/related; boundary=B", head + "--B\r\nno header\r\n\r\nx\r\n--B--"},
      {"multipart/related; boundary=B", head + "--B\r\n--B--"},
      {"multipart/related; boundary=B", head + head + head + head + "--B--"},
      {"multipart/related; boundary=B",
       "--B\r\nContent-Type: text/plain\r\n\r\n{}\r\n--B\r\n\r\nx\r\n--B--"},
      {"multipart/related; boundary=B",
       "--B\r\nContent-Type: application/json\r\n\r\n{\r\n--B\r\n\r\nx\r\n--B--"},
  };
  TestService service;
  for (const auto& [type, body] : cases)
    EXPECT_EQ(service.send("POST", "/v1/files", body, {{"Content-Type", std::string(type)}}).status,
              400)
        << type << "\n"
        << body;
  EXPECT_EQ(service
                .send("POST", "/v1/files", head + "--B\r\n\r\nx\r\n--B--",
                      {{"Content-Type", "multipart/related; boundary=B"}})
                .status,
            201);
}

TEST(Harbor, ServesRanges) {
  struct Case {
    std::string_view range;
    int status;
    std::string_view content, content_range;
  };
  const Case cases[] = {
      {"bytes=0-3", 206, "0123", "bytes 0-3/10"},
      {"bytes=7-", 206, "789", "bytes 7-9/10"},
      {"bytes=-2", 206, "89", "bytes 8-9/10"},
      {"bytes=-99", 206, "0123456789", "bytes 0-9/10"},
      {"bytes=9-99", 206, "9", "bytes 9-9/10"},
      {"bytes=0-0", 206, "0", "bytes 0-0/10"},
      {"bytes=10-", 416, "", "bytes */10"},
      {"bytes=10-20", 416, "", "bytes */10"},
      {"bytes=-0", 416, "", "bytes */10"},
      {"bytes=5-4", 200, "0123456789", ""},
      {"bytes=a-b", 200, "0123456789", ""},
      {"bytes=-", 200, "0123456789", ""},
      {"bytes=0-1,4-5", 200, "0123456789", ""},
      {"lines=1-2", 200, "0123456789", ""},
      {"bytes=1", 200, "0123456789", ""},
      {"bytes=99999999999999999999-", 200, "0123456789", ""},
  };
  TestService service;
  const std::string id =
      service.post("/v1/files", {{"name", "d.txt"}, {"content_base64", to_base64("0123456789")}})
          .str("id");
  const std::string path = "/v1/files/" + id + "/content";
  for (const Case& one : cases) {
    SCOPED_TRACE(one.range);
    const Answer answer = service.get(path, {{"Range", std::string(one.range)}});
    EXPECT_EQ(answer.status, one.status);
    EXPECT_EQ(answer.header("Content-Range"), one.content_range);
    if (one.status != 416) EXPECT_EQ(answer.text, one.content);
    EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
  }
  const std::string tag = service.get(path).header("ETag");
  EXPECT_EQ(service.get(path, {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(service.get(path, {{"If-None-Match", "\"x\", " + tag}}).status, 304);
  EXPECT_EQ(service.get(path, {{"If-None-Match", "\"x\""}}).status, 200);
  EXPECT_EQ(service.get(path, {{"If-Range", tag}, {"Range", "bytes=0-1"}}).status, 206);
  EXPECT_EQ(service.get(path, {{"If-Range", "\"x\""}, {"Range", "bytes=0-1"}}).status, 200);
  EXPECT_EQ(service.get("/v1/files/fil_1008/content", {{"Range", "bytes=0-"}}).status, 416)
      << "empty";
  EXPECT_EQ(service.get("/v1/files/fil_1008/content").status, 200);
}

TEST(Harbor, LinksLetAnybodyReadOneFileForAWhile) {
  TestService service;
  const Answer file = service.get("/v1/files/fil_1001");
  const std::string url = file.str("download_url");
  ASSERT_THAT(url, StartsWith("http://127.0.0.1:8301/download/fil_1001?token="));
  const std::string target = url.substr(std::string_view("http://127.0.0.1:8301").size());
  const net::Headers no_key{{"Authorization", ""}};
  const auto status = [&](const std::string& path) { return service.get(path, no_key).status; };

  const Answer content = service.get(target, {{"Authorization", ""}, {"Range", "bytes=1-3"}});
  EXPECT_EQ(content.status, 206);
  EXPECT_EQ(content.text, "PNG");
  std::string other = target;
  other.replace(other.find("fil_1001"), 8, "fil_1002");
  EXPECT_EQ(status(other), 403) << "of another file";
  EXPECT_EQ(status("/download/fil_1001"), 403);
  EXPECT_EQ(status("/download/fil_1001?token=abc"), 403);
  EXPECT_EQ(status(target + "A"), 403);
  EXPECT_EQ(service.get("/v1/tickets/tkt_1001")["attachments"].at(0).at("download_url").as_string(),
            url);

  service.clock.advance(std::chrono::seconds(299));
  EXPECT_EQ(status(target), 200);
  service.clock.advance(std::chrono::seconds(1));
  const Answer late = service.get(target, no_key);
  EXPECT_EQ(late.status, 403);
  EXPECT_EQ(late.error(), "link_expired");

  const Answer foreign = service.get("/v1/files/fil_1001", {{"Host", "evil\"><script>"}});
  EXPECT_THAT(foreign.str("download_url"), StartsWith("http://127.0.0.1/download/"));
}

TEST(Harbor, DeletedFilesAreGone) {
  TestService service;
  const std::string url = service.get("/v1/files/fil_1002").str("download_url");
  EXPECT_EQ(service.patch("/v1/files/fil_1002", {{"name", "x.txt"}, {"ticket_id", ""}}).str("name"),
            "x.txt");
  EXPECT_EQ(service.patch("/v1/files/fil_1002", {{"content_type", "a/b"}}).field(), "content_type");
  EXPECT_EQ(service.erase("/v1/files/fil_1002").status, 204);
  EXPECT_EQ(service.get("/v1/files/fil_1002/content").status, 404);
  EXPECT_EQ(service.get(url.substr(url.find("/download"))).status, 404);
}

}  // namespace
}  // namespace fairlead::sandbox
