-- The tables of the shop. Until now each change was written here and, by the application, to catalog.json.
CREATE TABLE categories (
    id int PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    title text NOT NULL
);
CREATE TABLE products (
    id int PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    category_id int REFERENCES categories,
    unit_price numeric(10, 2) NOT NULL,
    discontinued boolean NOT NULL DEFAULT false,
    attributes json  -- not jsonb, which orders the members anew
);
CREATE TABLE product_texts (
    product_id int PRIMARY KEY REFERENCES products,
    title text NOT NULL,
    blurb text
);
CREATE TABLE variants (
    id int PRIMARY KEY,
    product_id int NOT NULL REFERENCES products,
    position int NOT NULL,
    code text NOT NULL,
    stock int NOT NULL
);
CREATE TABLE variant_prices (
    variant_id int REFERENCES variants,
    currency text,
    amount numeric(10, 2) NOT NULL,
    PRIMARY KEY (variant_id, currency)
);
CREATE TABLE reviews (
    id bigint PRIMARY KEY,
    product_id int REFERENCES products,
    stars int NOT NULL,
    author text NOT NULL,
    written_at timestamptz NOT NULL,
    body text
);

INSERT INTO categories VALUES (1, 'chairs', 'Chairs'), (2, 'tables', 'Tables'), (3, 'lamps', 'Lamps');
INSERT INTO products VALUES
    (1, 'CH-100', 'Oslo', 1, 129, false, '{"legs": 4, "colours": ["oak", "ash"]}'),
    (2, 'TB-200', 'Bergen', 2, 480, false,
     '{"extendable": true, "size": {"width": 180, "depth": 90, "height": 74.5}}'),
    (7, 'XX-001', 'Gift card', NULL, 25, true, NULL);
INSERT INTO product_texts VALUES
    (1, 'Oslo, the "kitchen" chair', E'Stacks up to five high.\nFelt glides included.'),
    (2, 'Bergen dining table', NULL);
INSERT INTO variants VALUES
    (11, 1, 2, 'CH-100-ASH', 0), (12, 1, 1, 'CH-100-OAK', 12), (20, 2, 1, 'TB-200-OAK', 3);
INSERT INTO variant_prices VALUES
    (12, 'EUR', 129), (12, 'CHF', 139), (11, 'EUR', 134.50), (20, 'EUR', 480);
INSERT INTO reviews VALUES
    (501, 1, 5, 'Ana', '2025-03-14 09:15Z', 'Does not wobble'),
    (502, 7, 1, 'guest', '2024-12-27 07:00Z', 'Expired after a day'),
    (503, 1, 4, 'M. Ødegård', '2025-11-02 18:40Z', NULL),
    (504, NULL, 3, 'somebody', '2025-01-01 00:00Z', 'A review of nothing');
