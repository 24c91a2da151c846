#include "sandbox/seed.hpp"

#include "base/encoding.hpp"
#include "sandbox/answer.hpp"

#include <fmt/format.h>

#include <array>

namespace fairlead::sandbox {
namespace {

/// SplitMix64: small, and the same everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t start) : state_(start) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }
  template <class List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::uint64_t state_;
};

struct Place {
  std::string_view line1, city, postal_code, country;
};
struct Person {
  std::string_view name, mailbox, company, domain, phone, locale;
  Place place;
};
constexpr Person people[] = {
    {"Ana Sofia Marques",
     "ana.marques",
     "Café Lumière",
     "cafelumiere.example",
     "+351 21 555 0101",
     "pt",
     {"Rua do Século 14", "Lisboa", "1200-433", "PT"}},
    {"Jürgen Weiß",
     "j.weiss",
     "Weiß & Söhne GmbH",
     "weiss-soehne.example",
     "+49 30 5550 102",
     "de",
     {"Schönhauser Allee 36", "Berlin", "10435", "DE"}},
    {"佐藤 美咲",
     "misaki.sato",
     "株式会社みなと",
     "minato.example",
     "+81 3-5555-0103",
     "ja",
     {"海岸1丁目 2-3", "東京都港区", "105-0022", "JP"}},
    {"Chloé Lefèvre",
     "chloe",
     "Atelier Lefèvre",
     "atelier-lefevre.example",
     "+33 1 55 50 01 04",
     "fr",
     {"8 rue des Abbesses", "Paris", "75018", "FR"}},
    {"Oluwaseun Adébáyò",
     "seun.adebayo",
     "Lagos Print Works",
     "lagosprint.example",
     "+234 1 555 0105",
     "en",
     {"21 Awolowo Road", "Lagos", "101233", "NG"}},
    {"Mateusz Łukasiewicz",
     "mateusz",
     "Północ Logistics",
     "polnoc.example",
     "+48 58 555 01 06",
     "pl",
     {"ul. Długa 7", "Gdańsk", "80-827", "PL"}},
    {"Siobhán O'Connor",
     "siobhan",
     "Harbour & Vine Ltd",
     "harbourvine.example",
     "+353 1 555 0107",
     "en",
     {"4 Quay Street", "Galway", "H91 V2W5", "IE"}},
    {"Nguyễn Thị Hồng",
     "hong.nguyen",
     "Sông Xanh Coffee",
     "songxanh.example",
     "+84 28 5555 0108",
     "vi",
     {"112 Nguyễn Huệ", "Hồ Chí Minh", "700000", "VN"}},
    {"Diego Fernández",
     "diego",
     "Taller Fernández",
     "tallerfernandez.example",
     "+34 91 555 01 09",
     "es",
     {"Calle de Alcalá 52", "Madrid", "28014", "ES"}},
    {"Elif Yıldız",
     "elif.yildiz",
     "Yıldız Tasarım",
     "yildiz.example",
     "+90 212 555 01 10",
     "tr",
     {"İstiklal Cad. 88", "İstanbul", "34433", "TR"}},
    {"Priya Raghunathan",
     "priya",
     "Monsoon Textiles",
     "monsoon.example",
     "+91 22 5555 0111",
     "en",
     {"17 Marine Drive", "Mumbai", "400020", "IN"}},
    {"يوسف الحداد",
     "youssef",
     "مكتبة الميناء",
     "almina.example",
     "+961 1 555 112",
     "ar",
     {"شارع الحمراء 40", "بيروت", "1103", "LB"}},
    {"Ingrid Sørensen",
     "ingrid",
     "Fjord & Co",
     "fjordco.example",
     "+47 55 55 01 13",
     "en",
     {"Bryggen 5", "Bergen", "5003", "NO"}},
    {"Marcus Webb",
     "marcus.webb",
     "Webb Hardware",
     "webbhardware.example",
     "+1 503 555 0114",
     "en",
     {"1420 SE Division St", "Portland", "97202", "US"}},
    {"Ελένη Παπαδοπούλου",
     "eleni",
     "Αιγαίο Travel",
     "aigaio.example",
     "+30 21 0555 0115",
     "el",
     {"Πειραιώς 12", "Αθήνα", "104 31", "GR"}},
    {"김서연",
     "seoyeon.kim",
     "한강 스튜디오",
     "hangang.example",
     "+82 2-555-0116",
     "ko",
     {"을지로 30", "서울", "04533", "KR"}},
    {"Lucía Ñíguez",
     "lucia",
     "Almazara Ñíguez",
     "almazara.example",
     "+34 953 55 01 17",
     "es",
     {"Plaza Mayor 3", "Úbeda", "23400", "ES"}},
    {"Tom Baker",
     "tom",
     "Baker & Daughters",
     "bakeranddaughters.example",
     "+44 20 5555 0118",
     "en",
     {"9 Broadway Market", "London", "E8 4PH", "GB"}},
    {"Rafaël Dubois-Nkemelu",
     "rafael",
     "Studio RDN 🎨",
     "studiordn.example",
     "+32 2 555 01 19",
     "fr",
     {"Rue Haute 101", "Bruxelles", "1000", "BE"}},
    {"Grace Kimathi",
     "grace",
     "Kilele Outfitters",
     "kilele.example",
     "+254 20 555 0120",
     "en",
     {"Kenyatta Avenue 77", "Nairobi", "00100", "KE"}},
};

struct Product {
  std::string_view sku, name;
  std::int64_t unit_price;
};
constexpr Product products[] = {
    {"ROPE-10", "Mooring rope 10 mm, 20 m", 3490},  {"LAMP-BR", "Brass anchor lamp", 8900},
    {"MUG-EN", "Enamel mug “Havn”", 1450},          {"COAT-YL", "Oilskin coat, yellow", 14900},
    {"KNIFE-S", "Sailor's knife, stainless", 4200}, {"CHART-01", "Coastal chart Nº 1", 2650},
    {"BAG-40", "Dry bag, 40 litres", 5990},         {"COMP-P", "Pocket compass", 3750},
    {"BLNK-W", "Wool blanket, 130 × 180 cm", 7800}, {"TEA-05", "Smoked tea, 5 tins", 1995},
};

struct Story {
  std::string_view subject, description, tags;
  std::array<std::string_view, 4> comments;  ///< customer and agent by turns
};
constexpr Story stories[] = {
    {"Refund for a duplicate charge",
     "My card was charged twice for the same order. Please refund one of the payments.",
     "billing refund",
     {"The bank shows both payments as booked, not only reserved.",
      "I can see the second payment and have asked finance for the refund.",
      "Thank you! How long will it take?", "Three to five working days, depending on your bank."}},
    {"Parcel has not arrived",
     "Tracking has said “in transit” for nine days now. Where is my parcel?",
     "shipping",
     {"Still nothing today.", "The carrier has opened a search for the parcel.",
      "Should I wait or can you send it again?",
      "We are sending a replacement today, free of charge."}},
    {"Wrong size delivered",
     "I ordered the coat in M and got XL.",
     "returns",
     {"Photo attached: the label in the coat says XL.",
      "Sorry about that! A return label is on its way to you by e-mail.",
      "Parcel is on its way back.", "It arrived; the right size leaves our warehouse tomorrow."}},
    {"Invoice needs our VAT number",
     "Please issue the invoice again with VAT number DE 999 555 012. Grüße aus Berlin!",
     "billing invoice",
     {"We need it before the end of the quarter.", "The corrected invoice is in your account now.",
      "Perfekt, danke schön!", "You are welcome. Closing this one."}},
    {"Cannot log in after changing my e-mail address",
     "I changed my address yesterday, and now the login page says “unknown account”.",
     "account login",
     {"I tried the password reset twice, no mail arrives.",
      "Your new address had not been confirmed. I have sent the confirmation again.",
      "It works now.", "Glad to hear it."}},
    {"Lamp arrived broken 💔",
     "The glass of the brass lamp is in pieces. The box looked fine from outside.",
     "damage returns",
     {"I can send photos of the box as well.",
      "No need, the one photo is enough. A new glass is on its way.",
      "Arrived today, in one piece this time.", "Wonderful. Enjoy the light!"}},
    {"Wholesale prices for 50 blankets?",
     "We would like to sell your wool blankets in our café. Do you have wholesale prices?",
     "sales",
     {"We could also take the mugs.", "From 20 pieces on we give 15 %, from 50 on 22 %.",
      "Sounds good, please send an offer.", "The offer is attached. It holds for 30 days."}},
    {"Change of delivery address",
     "Please send my order to the office instead, I am not at home next week.",
     "shipping",
     {"The office is open from 8 to 17.", "Done: the parcel goes to the office.",
      "Merci beaucoup !", "Avec plaisir."}},
    {"領収書の発行をお願いします",
     "注文の領収書を会社名で発行していただけますか。",
     "billing invoice",
     {"宛名は「株式会社みなと」でお願いします。", "領収書をメールでお送りしました。",
      "確認しました。ありがとうございます。", "またのご利用をお待ちしております。"}},
    {"Feature request: calendar of deliveries",
     "It would help us to see all planned deliveries in one calendar (iCal would be perfect).",
     "feedback",
     {"Even a CSV export would do.", "I have passed this on to the team that builds the portal.",
      "Any news?", "It is planned for the spring."}},
};

constexpr std::string_view agents[] = {"noor@harbor.example", "theo@harbor.example",
                                       "marisol@harbor.example"};
constexpr std::string_view agent_names[] = {"Noor Haddad", "Theo Lindqvist", "Marisol Vega"};

/// Moments of 2025, each a while after the one before.
class Calendar {
 public:
  Calendar(Dice& dice, std::size_t events)
      : dice_(dice),
        step_(std::chrono::hours(24 * 350) /
              static_cast<std::int64_t>(std::max<std::size_t>(events, 1))) {}
  Instant next() {
    now_ += step_ / 2 + std::chrono::microseconds(static_cast<std::int64_t>(
                            dice_.next() % static_cast<std::uint64_t>(step_.count())));
    return std::chrono::floor<std::chrono::milliseconds>(now_);
  }

 private:
  Dice& dice_;
  std::chrono::microseconds step_;
  Instant now_ = std::chrono::sys_days(std::chrono::year(2025) / 1 / 6);
};

json::array words(std::string_view text) {
  json::array list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    list.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

json::object address_of(const Place& place) {
  return {{"line1", place.line1},
          {"city", place.city},
          {"postal_code", place.postal_code},
          {"country", place.country}};
}

class Planter {
 public:
  Planter(Records& records, const SeedSizes& sizes) : records_(records), sizes_(sizes) {}

  void customers() {
    Calendar calendar(dice_, sizes_.customers);
    for (std::size_t i = 0; i < sizes_.customers; ++i) {
      const Person& person = people[i % std::size(people)];
      // The same people come again as branches of their companies.
      const std::size_t branch = i / std::size(people);
      const std::string suffix = branch == 0 ? "" : fmt::format("+{}", branch + 1);
      json::object customer{
          {"name", branch == 0 ? std::string(person.name)
                               : fmt::format("{} ({})", person.name, branch + 1)},
          {"email", fmt::format("{}{}@{}", person.mailbox, suffix, person.domain)},
          {"phone", person.phone},
          {"company", person.company},
          {"status", i % 7 == 5    ? "lead"
                     : i % 11 == 8 ? "inactive"
                                   : "active"},
          {"locale", person.locale},
          {"address", address_of(person.place)},
          {"tags", words(i % 4 == 0   ? "wholesale"
                         : i % 6 == 1 ? "vip newsletter"
                                      : "newsletter")},
          {"metadata", {{"source", i % 3 == 0 ? "fair" : "web"}}}};
      add(Kind::customer, std::move(customer), calendar.next());
    }
  }

  void orders() {
    constexpr std::string_view states[] = {"delivered", "delivered", "delivered", "shipped",
                                           "paid",      "pending",   "cancelled", "refunded"};
    Calendar calendar(dice_, sizes_.orders);
    for (std::size_t i = 0; i < sizes_.orders && sizes_.customers > 0; ++i) {
      const std::size_t customer = dice_.below(sizes_.customers);
      const std::string_view state = dice_.one_of(states);
      json::array items;
      for (std::size_t count = 1 + dice_.below(3); count > 0; --count) {
        const Product& product = dice_.one_of(products);
        items.push_back({{"sku", product.sku},
                         {"name", product.name},
                         {"quantity", static_cast<std::int64_t>(1 + dice_.below(4))},
                         {"unit_price", product.unit_price}});
      }
      json::object order{
          {"customer_id", id_of(Kind::customer, 1001 + customer)},
          {"status", state},
          {"currency", i % 9 == 4    ? "USD"
                       : i % 13 == 6 ? "GBP"
                                     : "EUR"},
          {"items", std::move(items)},
          {"shipping_address", address_of(people[customer % std::size(people)].place)}};
      if (state == "shipped" || state == "delivered")
        order["tracking_number"] = fmt::format("HB{:09}", dice_.next() % 1'000'000'000);
      if (i % 10 == 3) order["note"] = "Please leave with the neighbours. Danke! 🙏";
      add(Kind::order, std::move(order), calendar.next());
    }
  }

  void tickets() {
    constexpr std::string_view states[] = {"open",    "open",   "pending",
                                           "on_hold", "solved", "closed"};
    constexpr std::string_view priorities[] = {"low", "normal", "normal", "high", "urgent"};
    constexpr std::string_view channels[] = {"email", "email", "web", "chat", "phone"};
    Calendar calendar(dice_, sizes_.tickets);
    for (std::size_t i = 0; i < sizes_.tickets; ++i) {
      const Story& story = stories[i % std::size(stories)];
      json::object ticket{{"subject", story.subject},
                          {"description", story.description},
                          {"priority", dice_.one_of(priorities)},
                          {"channel", dice_.one_of(channels)},
                          {"tags", words(story.tags)}};
      const std::string_view state = dice_.one_of(states);
      std::string author = "A visitor";
      if (i % 2 == 0 && sizes_.orders > 0 && sizes_.customers > 0) {
        const Record& order =
            records_.get(Kind::order, id_of(Kind::order, 1001 + dice_.below(sizes_.orders)));
        ticket["order_id"] = order.fields.at("id");
        ticket["customer_id"] = order.fields.at("customer_id");
      } else if (i % 5 != 4 && sizes_.customers > 0) {
        ticket["customer_id"] = id_of(Kind::customer, 1001 + dice_.below(sizes_.customers));
      }
      const std::size_t agent = dice_.below(std::size(agents));
      if (i % 6 != 0) ticket["assignee"] = agents[agent];
      if (ticket.contains("customer_id"))
        author =
            text_of(records_.get(Kind::customer, text_of(ticket, "customer_id")).fields, "name");
      const Instant created = calendar.next();
      const std::string id(text_of(add(Kind::ticket, std::move(ticket), created), "id"));
      const Instant last = comments(id, story, author, agent, created);
      if (state != "open") records_.change(Kind::ticket, id, {{"status", state}}, last);
    }
  }

  void files() {
    std::string readings = "time,sensor,celsius\n";
    for (std::size_t line = 0; line < 6'000; ++line)
      readings += fmt::format("2025-03-{:02}T{:02}:{:02}:00Z,dock-{},{}.{}\n", 1 + line / 240 % 28,
                              line / 10 % 24, line % 10 * 6, 1 + line % 3, 4 + dice_.below(12),
                              dice_.below(10));
    std::string noise;
    for (std::size_t byte = 0; byte < 256 * 1024; ++byte)
      noise += static_cast<char>(byte < 256 ? byte : dice_.next() & 0xff);
    const std::string picture = *from_base64(
        "iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAIAAABvFaqvAAAASElEQVR42mP49P4ZVRDD0DGI36cUFyLBIDym4DK"
        "LgVQjcBlHG4NIMgXNLAZKTEE2a9SgUYOoaxDVUvagzLTULI+oXEIOZOEPANpk6Kdlm3ktAAAAAElFTkSuQmCC");

    const std::size_t no_ticket = sizes_.tickets;
    const File files[] = {
        {0, "broken-lamp.png", "image/png", picture, "Photo of the broken glass"},
        {0, "Rückgabe – Formular №7.txt", "text/plain; charset=utf-8",
         "Rückgabe\n========\nBestellung: ______\nGrund: Größe passt nicht ☐  beschädigt ☐\n"
         "返品理由: ________\nسبب الإرجاع: ________\n",
         "Return form in three languages"},
        {1, "dock-temperatures.csv", "text/csv", readings, "Readings of the quay, one line each"},
        {1, "tracking.json", "application/json",
         "{\"tracking_number\":\"HB000000117\",\"events\":[{\"at\":\"2025-03-02T06:10:00Z\","
         "\"place\":\"Göteborg\",\"event\":\"left the harbour\"}]}\n",
         "What the carrier told us"},
        {2, "offer-wholesale.md", "text/markdown",
         "# Offer\n\n| from | discount |\n|---|---|\n| 20 pieces | 15 % |\n| 50 pieces | 22 % |\n\n"
         "Valid for 30 days. *Prices without VAT.*\n",
         "Wholesale conditions"},
        {3, "firmware.bin", "application/octet-stream", noise, "256 KiB that are no text"},
        {no_ticket, "opening-hours.txt", "text/plain; charset=utf-8",
         "Mon–Fri 9–17, Sat 10–14 ⚓\n", ""},
        {no_ticket, "empty.log", "text/plain", "", "A file without a byte"}};
    for (std::size_t i = 0; i < std::min(sizes_.files, std::size(files)); ++i) add_file(files[i]);
  }

 private:
  struct File {
    std::size_t ticket;  ///< that it is attached to, counted from 0
    std::string_view name, content_type;
    std::string content;
    std::string_view description;
  };

  const json::object& add(Kind kind, json::object fields, Instant at, Content content = {}) {
    return records_.create(kind, read_new(kind, fields), at, std::move(content)).fields;
  }

  /// When the last of them was written.
  Instant comments(const std::string& ticket_id, const Story& story, const std::string& customer,
                   std::size_t agent, Instant at) {
    const std::size_t most = std::min(sizes_.comments_per_ticket, story.comments.size());
    for (std::size_t i = 0, count = dice_.below(most + 1); i < count; ++i) {
      const bool by_agent = i % 2 == 1;
      at += std::chrono::minutes(20 + static_cast<std::int64_t>(dice_.below(600)));
      json::object fields = read_new(
          Kind::comment, {{"author", by_agent ? std::string(agent_names[agent]) : customer},
                          {"author_role", by_agent ? "agent" : "customer"},
                          {"body", story.comments[i]}});
      fields["ticket_id"] = ticket_id;
      records_.create(Kind::comment, std::move(fields), at);
    }
    return at;
  }

  void add_file(const File& file) {
    json::object fields{{"name", file.name},
                        {"content_type", file.content_type},
                        {"description", file.description}};
    if (file.ticket < sizes_.tickets) fields["ticket_id"] = id_of(Kind::ticket, 1001 + file.ticket);
    add(Kind::file, std::move(fields), file_time_ += std::chrono::hours(31),
        std::make_shared<const std::string>(file.content));
  }

  Records& records_;
  SeedSizes sizes_;
  Dice dice_{2025};
  Instant file_time_ = std::chrono::sys_days(std::chrono::year(2025) / 2 / 1);
};

}  // namespace

void plant(Records& records, const SeedSizes& sizes) {
  Planter planter(records, sizes);
  planter.customers();
  planter.orders();
  planter.tickets();
  planter.files();
}

}  // namespace fairlead::sandbox
