-- The same document, built by the database.
SELECT json_build_object(
    'version', 3,
    'shop', json_build_object('name', 'Nordlicht Möbel', 'currency', 'EUR',
                              'contact', json_build_array('service@nordlicht.example', '+49 40 5550100')),
    'categories', (SELECT coalesce(json_agg(json_build_object('slug', slug, 'title', title) ORDER BY id), '[]')
                   FROM categories),
    'products', (
        SELECT coalesce(json_object_agg(p.sku,
            jsonb_build_object('name', p.name, 'price', p.unit_price, 'discontinued', p.discontinued)
            || coalesce(p.attributes::jsonb, '{}')
            || jsonb_build_object(
                'title', t.title, 'blurb', t.blurb, 'category', c.slug,
                'variants', (
                    SELECT coalesce(jsonb_agg(jsonb_build_object('code', v.code, 'stock', v.stock, 'prices', (
                        SELECT coalesce(jsonb_object_agg(currency, jsonb_build_object('amount', amount)), '{}')
                        FROM variant_prices WHERE variant_id = v.id)) ORDER BY v.position, v.id), '[]')
                    FROM variants v WHERE v.product_id = p.id),
                'reviews', (
                    SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'stars', r.stars, 'by', r.author, 'at', r.written_at, 'text', r.body)
                        ORDER BY r.written_at DESC, r.id), '[]')
                    FROM reviews r WHERE r.product_id = p.id)) ORDER BY p.id), '{}')
        FROM products p
        LEFT JOIN product_texts t ON t.product_id = p.id
        LEFT JOIN categories c ON c.id = p.category_id))
