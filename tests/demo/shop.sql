-- A small shop, and the role that the sidecar connects as: REPLICATION and SELECT, no more.
CREATE TABLE suppliers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    country char(2) NOT NULL
);
CREATE TABLE materials (
    id integer PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock integer NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    supplier integer NOT NULL REFERENCES suppliers,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    material integer NOT NULL REFERENCES materials,
    quantity integer NOT NULL,
    note text,
    moved_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO suppliers SELECT n, 'Supplier ' || n, (ARRAY['DE', 'FR', 'IT', 'PL'])[1 + n % 4] FROM generate_series(1, 40) n;
INSERT INTO materials
    SELECT n, 'M-' || lpad(n::text, 5, '0'), (ARRAY['Bolt', 'Plate', 'Seal', 'Cable'])[1 + n % 4] || ' ' || n,
           n * 0.25, n % 300, jsonb_build_object('weight_g', n * 3, 'colour', (ARRAY['grey', 'black'])[1 + n % 2]),
           1 + n % 40
    FROM generate_series(1, 1000) n;
INSERT INTO stock_movements (material, quantity) SELECT 1 + n % 1000, n % 20 - 10 FROM generate_series(1, 3000) n;

CREATE ROLE understudy LOGIN REPLICATION;
GRANT SELECT ON suppliers, materials, stock_movements TO understudy;
CREATE PUBLICATION understudy FOR TABLE suppliers, materials, stock_movements;
