#include "engine/app/shop.h"

#include <array>
#include <sstream>

namespace rowhook {
namespace {

const std::string& file(Connection& connection, const std::string& sqlite_name, const std::string& postgres_name) {
  return shop_files().at(connection.dialect() == Dialect::sqlite ? sqlite_name : postgres_name);
}

void place_order(Connection& connection, std::uint64_t step) {
  constexpr std::array<const char*, 5> customers{"ada@example.com", "grace@example.com", "edsger@example.com",
                                                 "barbara@example.com", "donald@example.com"};
  const auto product = static_cast<std::int64_t>(step / 5 % 3 + 1);
  const auto quantity = static_cast<std::int64_t>(step / 5 % 4 + 1);
  const std::string total = std::to_string(quantity * 25) + ".50";
  Transaction transaction(connection);
  const auto order =
      connection.query("INSERT INTO orders (customer_email, total_amount) VALUES ($1, CAST($2 AS DECIMAL(10,2))) RETURNING id",
                       {std::string(customers[step / 5 % customers.size()]), total});
  connection.query("INSERT INTO order_items (order_id, product_id, quantity, price) VALUES ($1, $2, $3, 25.5)",
                   {as_int(order.rows.at(0).at(0)), product, quantity});
  transaction.commit();
}

void advance_order(Connection& connection, const char* from, const char* to) {
  connection.query("UPDATE orders SET status = $1, updated_at = CURRENT_TIMESTAMP WHERE id = "
                   "(SELECT max(id) FROM orders WHERE status = $2)",
                   {std::string(to), std::string(from)});
}

void move_stock(Connection& connection, std::uint64_t step) {
  const auto product = static_cast<std::int64_t>(step / 5 % 3 + 1);
  connection.query("UPDATE inventory SET stock_quantity = CASE WHEN stock_quantity < 4 THEN 40 ELSE stock_quantity / 2 END, "
                   "updated_at = CURRENT_TIMESTAMP WHERE product_id = $1",
                   {product});
}

}  // namespace

void create_shop(Connection& connection) {
  connection.execute_script(file(connection, "schema.sqlite.sql", "schema.postgres.sql"));
  connection.execute_script(shop_files().at("test-data.sql"));
}

std::vector<std::string> shop_changes() {
  std::vector<std::string> statements;
  std::istringstream text(shop_files().at("changes.sql"));
  for (std::string line; std::getline(text, line);)
    if (!line.empty()) statements.push_back(line);
  return statements;
}

void live_shop_step(Connection& connection, std::uint64_t step) {
  switch (step % 5) {
    case 0: place_order(connection, step); break;
    case 1: advance_order(connection, "pending", "paid"); break;
    case 2: move_stock(connection, step); break;
    case 3: advance_order(connection, "paid", step % 20 == 3 ? "cancelled" : "shipped"); break;
    default: advance_order(connection, "shipped", "delivered"); break;
  }
}

}  // namespace rowhook
